"""A process that dies leaves all of an operation, or nothing."""
