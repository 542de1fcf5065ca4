"""Reading progress: which pages, tests and chapters of a book a participant has opened and finished."""
