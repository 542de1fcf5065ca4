"""A book that was imported from Sphinx: `petri import-book` updates its pages and items."""

from petri.study import Study, imported_book


class ChanceBook(Study):
    timeline = [imported_book()]
