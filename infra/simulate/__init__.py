"""Simulates a whole run, with bots as participants, in simulated time."""
