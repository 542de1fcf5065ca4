"""What studies need for books: their contents, and the records of what participants have read."""
