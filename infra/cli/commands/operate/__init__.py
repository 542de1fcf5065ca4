"""Commands for operating a run."""
