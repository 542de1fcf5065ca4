"""Commands for Mechanical Turk."""
