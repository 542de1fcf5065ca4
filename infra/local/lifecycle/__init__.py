"""A local run, from opening its data to its end."""
