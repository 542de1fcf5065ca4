"""Measures the dashboard on large runs, and what it costs participants."""
