"""Determines what a deployment contains: its files, versions, sizes and Python."""
