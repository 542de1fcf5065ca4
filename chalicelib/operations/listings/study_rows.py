"""The rows of lists that only studies have: answers, grades, trials, events, uploads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswerRow:
    """Where and when something was answered."""

    participant_id: int
    node_id: int | None = None
    network_id: int | None = None
    page: str
    path: str
    answered_at: datetime | None = None
    by: str = "participant"
    serial: int
    #: The number of the participant's visit.
    visit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRow(PageAnswerRow):
    """An answer to an item."""

    item: str
    kind: str
    round: int | None = None
    attempt: int | None = None
    answer: Any = None
    correct: bool | None = None
    percent: float | None = None
    points: Decimal | None = field(default=None, metadata={"any_decimal": True})
    graded_by: str | None = None
    shown_at: datetime | None = None
    seconds: float | None = None
    seconds_client: float | None = None
    comment: str | None = None
    missed: bool | None = None
    item_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow(ResponseRow):
    """A grade that a person has given to an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow(PageAnswerRow):
    """A trial that ran in the browser."""

    number: int
    key: Any = None
    response: Any = None
    correct: bool | None = None
    rt_ms: float | None = None
    stimulus: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event on a page."""

    participant_id: int
    serial: int
    page: str
    path: str
    event: str
    act: str | None = None
    item: str | None = None
    at_ms: float | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """A page, test, chapter or book that a participant has opened."""

    participant_id: int
    book: str | None = None
    chapter: str | None = None
    page: str | None = None
    path: str
    what: str
    started_at: datetime
    last_at: datetime
    finished_at: datetime | None = None
    opened: int
    position: float | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """An answer of a reader who practises, and when the item is due next."""

    participant_id: int
    serial: int
    path: str
    item: str
    page: str
    number: int
    reviewed_at: datetime
    correct: bool | None = None
    percent: float | None = None
    rating: str
    seconds: float | None = None
    next_due: datetime
    stability: float | None = None
    difficulty: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """A file that an answer refers to."""

    participant_id: int
    serial: int
    page: str
    path: str
    item: str
    reference: str
    type: str
    size: int
    sha256: str
    stored_at: datetime
    erased_at: datetime | None = None
