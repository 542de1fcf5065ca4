"""Routes with which people join classes."""
