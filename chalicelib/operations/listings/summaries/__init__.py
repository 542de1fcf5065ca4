"""Summaries of answers: by item, and by competency."""
