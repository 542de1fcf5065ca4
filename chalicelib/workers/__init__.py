"""Handles queue messages and ticks."""
