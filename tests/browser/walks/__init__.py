"""Whole visits, against the real host."""
