"""Defines the records of an experiment, in plain Python, and the rules between them."""
