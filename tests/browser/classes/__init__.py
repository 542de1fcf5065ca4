"""Classes, assignments and the gradebook in a real browser."""
