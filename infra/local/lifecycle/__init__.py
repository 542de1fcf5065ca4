"""The lifecycle of a run on this machine, from opening its data to its end."""
