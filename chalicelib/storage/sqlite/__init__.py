"""SQLite: the engine, the views of its file, and recovery of a damaged file."""
