"""Commands for writing an experiment."""
