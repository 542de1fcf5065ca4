"""Grades that people give, and answers that peers discuss, over each engine."""
