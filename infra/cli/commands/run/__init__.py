"""Commands for a run on this machine."""
