"""Adapters for recruiters: a folder for each, and their registry."""
