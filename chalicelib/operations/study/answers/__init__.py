"""Checks, grades and stores answers and trials."""
