"""Defines the record of what a participant has read: one for each page, test, chapter and book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from chalicelib.study.study_records import StoredFields

PAGE: Final = "page"
TEST: Final = "test"
CHAPTER: Final = "chapter"
BOOK: Final = "book"


@dataclass
class ReadPage(StoredFields):
    """A page, test, chapter or book that a participant has opened, and whether they have finished it."""

    kind: ClassVar[str] = "reading"

    participant_id: int
    path: str
    #: What it is: page, test (a Timed), chapter or book.
    what: str
    #: When it was opened first and last, and how often.
    started_at: str
    last_at: str
    opened: int = 0
    #: When it was finished: a page that was answered, or read to its end; None until then.
    finished_at: str | None = None
    #: How far the page was scrolled, from 0 to 1, and the serial under which it was shown then. Chapters and
    #: books have no position.
    position: float | None = None
    serial: int = 0
    #: The path of the book, and the names of the chapter and of the page or test; None for what is above.
    book: str = ""
    chapter: str | None = None
    page: str | None = None
    #: How many annotations of the page there are.
    annotations: int = 0

    @property
    def is_finished(self) -> bool:
        """Whether it is finished."""
        return self.finished_at is not None
