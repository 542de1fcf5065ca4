"""Finds, monitors, summarizes and exports deployed apps."""
