"""A run's numbers."""
