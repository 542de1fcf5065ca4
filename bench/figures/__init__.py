"""What a bench counts, compares with its budget, and writes."""
