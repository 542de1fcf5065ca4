"""A run on this machine, from its opening to its end."""
