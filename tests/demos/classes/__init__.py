"""Demos that are taught to a class."""
