"""Many threads and processes at once, over every engine."""
