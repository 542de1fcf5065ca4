"""Operates a run from the command line, whether or not it is being served."""
