"""Real-time operations: connections, channels, presence, waiting rooms, dropouts."""
