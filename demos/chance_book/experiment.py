"""A book that was imported from Sphinx: `petri import-book` updates its pages and items."""

from petri.study import Chapter, Practice, Study, imported_book


class ChanceBook(Study):
    timeline = [
        imported_book(
            chapters=[Chapter("repeat", [Practice(self_rated=["in_own_words"])], title="Practice")],
        )
    ]
