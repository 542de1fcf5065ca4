"""Read models: lists by cursor, and the counts of the overview."""
