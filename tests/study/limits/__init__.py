"""Time limits, members who are gone, groups that don't form, and functions that fail."""
