"""Defines the records of practice: the state of each item in the memory of a reader, and a log of reviews."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from chalicelib.study.study_records import StoredFields


@dataclass
class PracticeCard(StoredFields):
    """When a reader practises an item next, and what the scheduler (FSRS) knows about their memory of it."""

    kind: ClassVar[str] = "practice_card"

    participant_id: int
    item: str
    #: When the item is due next.
    due: str
    #: The card of FSRS: state, step, stability (in days), difficulty (1 to 10), and the last review.
    card: dict[str, Any] = field(default_factory=dict)
    reviews: int = 0


@dataclass
class Review(StoredFields):
    """One review: an answer to an item that was due, its rating, and when the item is due next."""

    kind: ClassVar[str] = "review"

    participant_id: int
    #: The serial of the page under which the item was asked, and the path of the Practice.
    serial: int
    path: str
    item: str
    #: The path of the page that asks the item in the book.
    page: str
    #: The number of the review among those of this item, from 1.
    number: int
    reviewed_at: str
    correct: bool | None
    percent: float | None
    #: again, hard, good or easy: how FSRS takes the answer, or how the reader rated it.
    rating: str
    seconds: float | None = None
    next_due: str = ""
    #: The item's stability, in days, and difficulty, from 1 to 10, after the review.
    stability: float | None = None
    difficulty: float | None = None
