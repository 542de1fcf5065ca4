"""Parts of pages on what readers of books do: what they practise."""
