"""Compiled timelines: how participants move along them."""
