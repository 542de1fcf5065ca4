"""Assignments of classes and the gradebook: what instructors set, give and release, and what members see."""
