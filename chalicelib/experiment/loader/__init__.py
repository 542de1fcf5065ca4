"""Loads an experiment from an author's folder."""
