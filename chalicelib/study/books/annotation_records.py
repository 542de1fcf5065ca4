"""Defines annotations: highlights and notes of a reader, anchored to a span of a page of a book.

Anchors are selectors of the W3C Web Annotation Data Model: a TextQuoteSelector finds the text again after the
page has changed, and a TextPositionSelector tells apart two places with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from chalicelib.study.study_records import StoredFields

#: How many annotations a page can have, and how many characters a note, a marked text and its context.
MOST_ON_PAGE: Final = 100
LONGEST_NOTE, LONGEST_QUOTE, LONGEST_CONTEXT = 4000, 2000, 64
#: The largest position in the text of a page.
MOST_CHARACTERS: Final = 10_000_000

TEXT_QUOTE, TEXT_POSITION = "TextQuoteSelector", "TextPositionSelector"


class Visibility(StrEnum):
    """Who may read an annotation, besides the reader who made it."""

    PRIVATE = "private"
    INSTRUCTORS = "instructors"
    AUTHORS = "authors"


@dataclass
class Annotation(StoredFields):
    """A highlight, or a note, on a page of a book."""

    kind: ClassVar[str] = "annotation"

    participant_id: int
    path: str
    #: The name that the reader's browser gave it, so that a repeated request makes no second one.
    name: str
    visibility: str
    created_at: str
    changed_at: str
    #: The marked text with a few characters before and after it; empty for a note on the whole page.
    exact: str = ""
    prefix: str = ""
    suffix: str = ""
    #: Where it was in the text of the page, in UTF-16 code units, which browsers count.
    start: int | None = None
    end: int | None = None
    #: The note; empty for a highlight.
    note: str = ""
    book: str = ""
    chapter: str | None = None
    page: str | None = None

    def as_web_annotation(self) -> dict[str, Any]:
        """Return the annotation in the form of the Web Annotation Data Model."""
        selectors: list[dict[str, Any]] = []
        if self.exact:
            quote = {"exact": self.exact, "prefix": self.prefix, "suffix": self.suffix}
            selectors.append({"type": TEXT_QUOTE, **quote})
            selectors.append({"type": TEXT_POSITION, "start": self.start, "end": self.end})
        return {
            "id": self.name,
            "motivation": "commenting" if self.note else "highlighting",
            "body": {"type": "TextualBody", "value": self.note},
            "target": {"source": self.path, "selector": selectors},
            "visibility": self.visibility,
            "created": self.created_at,
            "modified": self.changed_at,
        }
