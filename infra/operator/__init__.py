"""Implements the operator's commands on a run, whether it is being served or not."""
