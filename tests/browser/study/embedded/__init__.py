"""Embedded files in the browser: the page around them, and the libraries that Petri has."""
