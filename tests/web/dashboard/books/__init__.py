"""Pages of the dashboard about books: reading, annotations, practice."""
