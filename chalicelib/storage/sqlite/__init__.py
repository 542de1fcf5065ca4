"""The SQLite engine, the views of its file, and recovery of a damaged file."""
