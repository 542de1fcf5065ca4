"""Collects results, compares them with the budgets, and writes the report."""
