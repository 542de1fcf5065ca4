"""The lifecycle of a run on this machine."""
