"""Handles socket events: one dispatcher, and delivery to channels."""
