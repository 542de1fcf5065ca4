"""Commands for classrooms: the gradebook of a class."""
