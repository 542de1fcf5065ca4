"""The unit of work over every engine."""
