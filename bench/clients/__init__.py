"""Participants that a bench sends, and the server that they meet."""
