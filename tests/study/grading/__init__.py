"""Draws of items from pools, and grades that people give."""
