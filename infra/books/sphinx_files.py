"""Names that the process that runs Sphinx and the import share."""

from __future__ import annotations

from typing import Final

#: The file with what was read, and the scheme of links to other pages of the book.
BOOK_FILE: Final = "book.json"
PAGE_SCHEME: Final = "petri-page:"
