"""A run on this machine, from opening its data to its end."""
