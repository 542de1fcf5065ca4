"""Export jobs over each engine."""
