"""Permissions of callers, and refusals of bad requests."""
