"""Simulates a whole run in simulated time, with bots as participants."""
