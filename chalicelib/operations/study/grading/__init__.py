"""Grades answers by hand and by peers: each grade is a row of its own, and answers never change."""
