"""Sockets and waiting rooms: connections, channels, presence, dropouts."""
