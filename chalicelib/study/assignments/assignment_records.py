"""Defines the records of assignments: what is due when, exceptions for one member, grades given by hand."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar, Final

from chalicelib.immutable import immutable
from chalicelib.study.study_records import StoredFields

ITEM, PAGE = "item", "page"
ENTRY_KINDS: Final = (ITEM, PAGE)
BY_RULE, BY_HAND, BY_PEERS = "rule", "hand", "peer"
GRADINGS_OF_ASSIGNMENTS: Final = (BY_RULE, BY_HAND, BY_PEERS)
SUM, WEIGHTED = "sum", "weighted"
TOTALS: Final = (SUM, WEIGHTED)
#: How long after the due date an answer still counts, in seconds: it was under way.
GRACE_AFTER_DUE: Final = 2.0
#: Under this name the total of an assignment is stored that a grader has given by hand.
TOTAL: Final = ""
#: The rounds and branches in a path.
_MARKS: Final = re.compile(r"\[[^\]]*\]")


@immutable()
class AssignmentEntry:
    """A part of an assignment: an item, or a page by its name, and the points that it is worth."""

    kind: str
    name: str
    points: Decimal

    @property
    def key(self) -> str:
        """The name under which a grade for this entry is stored."""
        return f"{self.kind}:{self.name}"


@lru_cache(maxsize=512)
def _entries(parts: tuple[tuple[str, str, str], ...]) -> tuple[AssignmentEntry, ...]:
    """Return parts as entries; cached, since a gradebook asks for them for each member."""
    return tuple(AssignmentEntry(kind, name, Decimal(points)) for kind, name, points in parts)


@dataclass
class ClassAssignment(StoredFields):
    """An assignment of a class. Moments are ISO 8601 texts in UTC."""

    kind: ClassVar[str] = "class_assignment"

    class_number: int
    number: int
    name: str
    #: What is to be done, as [kind, name, points].
    parts: list[list[str]] = field(default_factory=list)
    due: str | None = None
    #: Whether answers after the due date are refused; otherwise they are marked as late.
    enforced: bool = False
    #: From when members see it; None for at once.
    visible_from: str | None = None
    #: Since when members see their grades; None while they don't.
    released_at: str | None = None
    #: How long a member may work on it, from its first page on; None without a limit.
    minutes: float | None = None
    #: Whether its clock stands still while the member isn't on one of its pages.
    pause: bool = True
    #: Whether members see the feedback to its items before the grades are released.
    feedback: bool = True
    #: From how many percent on it counts as done; None when each part has to be answered.
    threshold: int | None = None
    #: Which attempt counts: first, last, best, or all.
    counts: str = "best"
    #: Who grades: the rules of the items, a person, or other participants.
    grading: str = BY_RULE
    #: Its weight in a weighted total.
    weight: str = "1"
    created_at: str = ""
    created_by: str = ""

    @property
    def entries(self) -> Sequence[AssignmentEntry]:
        """The parts of the assignment, in order."""
        return _entries(tuple((kind, name, points) for kind, name, points in self.parts))

    @property
    def possible(self) -> Decimal:
        """How many points it has."""
        return sum((entry.points for entry in self.entries), Decimal(0))


@dataclass
class DeadlineException(StoredFields):
    """What holds for one member of a class in place of an assignment's rules."""

    kind: ClassVar[str] = "deadline_exception"

    class_number: int
    assignment: int
    seat: str
    #: Another due date, and another moment from which they see it; None for those of the assignment.
    due: str | None = None
    visible_from: str | None = None
    #: The factor for the minutes of a timed assignment, as a decimal number in a text.
    factor: str = "1"
    reason: str = ""
    given_at: str = ""
    given_by: str = ""


@dataclass
class GivenPoints(StoredFields):
    """Points that a person has given to a member: for one entry of an assignment, or as its total."""

    kind: ClassVar[str] = "given_points"

    class_number: int
    assignment: int
    seat: str
    #: The key of the entry; TOTAL for the total.
    entry: str
    #: The points as a decimal number in a text; None for a comment alone.
    points: str | None = None
    comment: str = ""
    given_at: str = ""
    given_by: str = ""


@dataclass
class GradebookSettings(StoredFields):
    """How the total of a class is computed, and how many assignments it has had."""

    kind: ClassVar[str] = "gradebook"

    class_number: int
    total: str = SUM
    #: The number of the newest assignment.
    last: int = 0


@immutable()
class AssignmentTerms:
    """What holds for one member: the rules of an assignment with the member's exception."""

    due: datetime | None
    is_enforced: bool
    visible_from: datetime | None
    #: The time for a timed assignment in seconds; None without a limit.
    seconds: float | None

    def is_visible(self, now: datetime) -> bool:
        """Whether the member sees the assignment."""
        return self.visible_from is None or now >= self.visible_from

    def is_late(self, answered: datetime) -> bool:
        """Whether an answer came after the due date, with the grace for answers that were under way."""
        return self.due is not None and answered - self.due >= timedelta(seconds=GRACE_AFTER_DUE)

    def is_closed(self, now: datetime) -> bool:
        """Whether answers are refused, since the due date has passed and is enforced."""
        return self.is_enforced and self.is_late(now)


def terms_of(assignment: ClassAssignment, exception: DeadlineException | None = None) -> AssignmentTerms:
    """Return what holds for a member who has this exception, or none."""
    due, visible_from = assignment.due, assignment.visible_from
    factor = Decimal(1)
    if exception is not None:
        due, visible_from = exception.due or due, exception.visible_from or visible_from
        factor = Decimal(exception.factor)
    seconds = None if assignment.minutes is None else assignment.minutes * 60 * float(factor)
    return AssignmentTerms(_moment(due), assignment.enforced, _moment(visible_from), seconds)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def entries_asked(entries: Sequence[AssignmentEntry], page: PageRef, items: Collection[str]) -> bool:
    """Whether a page belongs to an assignment: it is one of its pages, or asks one of its items."""
    return any(page.is_called(one.name) if one.kind == PAGE else one.name in items for one in entries)


@immutable()
class PageRef:
    """A page of a study: its name, and where it is in the timeline."""

    name: str
    path: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The page's name, and its path without rounds: `book/intro/welcome`."""
        return frozenset((self.name, _MARKS.sub("", self.path)))

    def is_called(self, name: str) -> bool:
        """Whether this is one of the page's names."""
        return name in self.names
