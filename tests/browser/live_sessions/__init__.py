"""A live session in a real browser."""
