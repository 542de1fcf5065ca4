"""A whole deployment on loopback, and what was wrong with it."""
