"""The dev server: an ASGI host that calls the same handlers as Lambda."""
