"""Moves participants along the timeline, enforces time limits, ends their part."""
