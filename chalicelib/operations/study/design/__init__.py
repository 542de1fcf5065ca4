"""Assigns participants and groups to the cells of a design."""
