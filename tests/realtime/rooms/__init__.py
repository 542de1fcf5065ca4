"""Waiting rooms, dropouts and timers."""
