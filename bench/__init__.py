"""Benchmarks of Petri: run them with `python -m bench`."""
