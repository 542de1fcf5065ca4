"""Assignments of classes: their records, and how answers become grades and totals."""
