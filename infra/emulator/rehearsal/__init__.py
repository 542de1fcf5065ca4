"""Rehearses a whole deployment on loopback."""
