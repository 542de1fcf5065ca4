"""The stock networks: how they connect nodes, and when a place is open."""
