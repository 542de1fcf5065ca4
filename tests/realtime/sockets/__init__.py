"""Sockets and channels, and the real host."""
