"""Writes an export in parts, each short enough for a worker, from which one zip is composed at the end."""
