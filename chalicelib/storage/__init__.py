"""The unit of work, and the engines below it."""
