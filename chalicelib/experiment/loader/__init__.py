"""Loads an author's folder and returns its experiment class."""
