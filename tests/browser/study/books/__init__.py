"""The pages of a book in a real browser."""
