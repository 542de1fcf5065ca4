"""Computes grades: of the parts of an assignment, of assignments, of members, and of a whole class.

All of it follows from what is stored, answers and grades with their moments, so a due date that is moved, an
exception that is given later and a grade that is corrected have their effect at once, in any order. Blank
isn't zero: without an answer or a grade there are no points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Final

from chalicelib.immutable import immutable
from chalicelib.study.items.grading import Grade, counted

from .assignment_records import (
    TOTAL,
    WEIGHTED,
    AssignmentEntry,
    AssignmentTerms,
    ClassAssignment,
    GivenPoints,
)

_FOUR_DECIMALS: Final = Decimal("0.0001")
_TWO_DECIMALS: Final = Decimal("0.01")


@immutable()
class AnswerAttempt:
    """One attempt at a part of an assignment."""

    answered_at: datetime
    #: The share of the points, from 0 to 1; None while it isn't graded.
    share: Decimal | None
    comment: str = ""
    #: The number of the page on which it was given.
    serial: int = 0
    #: The shares of the items of a page.
    shares: Mapping[str, Decimal | None] = field(default_factory=dict)


@immutable()
class EntryGrade:
    """The grade of a member for one part of an assignment."""

    entry: AssignmentEntry
    #: None without an answer, and while the answer isn't graded.
    points: Decimal | None = None
    #: The points without those that a person has given in the gradebook.
    computed: Decimal | None = None
    comment: str = ""
    attempts: int = 0
    #: Attempts that don't count, because they came after a due date that is enforced.
    refused: int = 0
    is_late: bool = False
    #: Whether the answer waits for a grade.
    is_waiting: bool = False
    #: Whether a person has given the points in the gradebook.
    is_given: bool = False


@immutable()
class AssignmentGrade:
    """The grade of a member for one assignment."""

    entries: Sequence[EntryGrade]
    possible: Decimal
    points: Decimal | None
    #: What the parts add up to, where a person has given another total.
    computed: Decimal | None
    comment: str = ""
    is_given: bool = False
    is_late: bool = False
    is_done: bool = False
    #: How many answers wait for a grade.
    waiting: int = 0

    @property
    def share(self) -> Decimal | None:
        """The share of the points, from 0 to 1; None without a grade."""
        return None if self.points is None else share_of_points(self.points, self.possible)


@immutable()
class ClassFigures:
    """Mean and median of a column of the gradebook; None while it is blank."""

    mean: Decimal | None
    median: Decimal | None
    count: int


def share_of_points(points: Decimal, possible: Decimal) -> Decimal | None:
    """Return points as a share, to four decimals; None of nothing."""
    return (points / possible).quantize(_FOUR_DECIMALS, ROUND_HALF_UP) if possible else None


def shown(number: Decimal) -> str:
    """Return a number as it is shown, with two decimals at most, rounded half up."""
    rounded = number.quantize(_TWO_DECIMALS, ROUND_HALF_UP)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def grade_entry(
    entry: AssignmentEntry,
    attempts: Sequence[AnswerAttempt],
    terms: AssignmentTerms,
    counts: str,
    given: GivenPoints | None = None,
) -> EntryGrade:
    """Return the grade for a part of an assignment.

    `attempts`: in their order. `counts`: which of them counts. `given`: what a person has given in the
    gradebook, which replaces what follows from the attempts.
    """
    graded = _graded(entry, attempts, terms)
    grade = counted([one for one, _ in graded], counts)
    computed = None if grade is None or grade.percent is None else grade.points
    points = computed
    is_given = given is not None and given.points is not None
    if given is not None and given.points is not None:
        points = Decimal(given.points)
    comment = (
        given.comment if given is not None and given.comment else ("" if grade is None else grade.comment)
    )
    return EntryGrade(
        entry=entry,
        points=points,
        computed=computed,
        comment=comment,
        attempts=len(graded),
        refused=len(attempts) - len(graded),
        is_late=any(terms.is_late(each.answered_at) for each in _counting(graded, grade)),
        is_waiting=bool(graded) and points is None,
        is_given=is_given,
    )


def counting_attempts(
    entry: AssignmentEntry, attempts: Sequence[AnswerAttempt], terms: AssignmentTerms, counts: str
) -> list[AnswerAttempt]:
    """Return what counts of some attempts: one of them, or those of which the grade is the mean."""
    graded = _graded(entry, attempts, terms)
    return _counting(graded, counted([one for one, _ in graded], counts))


def _graded(
    entry: AssignmentEntry, attempts: Sequence[AnswerAttempt], terms: AssignmentTerms
) -> list[tuple[Grade, AnswerAttempt]]:
    """Return the attempts that weren't refused, with their points."""
    valid = [each for each in attempts if not (terms.is_enforced and terms.is_late(each.answered_at))]
    return [(_points_of(entry, each), each) for each in valid]


def _points_of(entry: AssignmentEntry, attempt: AnswerAttempt) -> Grade:
    if attempt.share is None:
        return Grade(comment=attempt.comment)
    points = (entry.points * attempt.share).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
    return Grade(attempt.share == 1, attempt.share, points, attempt.comment)


def _counting(graded: Sequence[tuple[Grade, AnswerAttempt]], grade: Grade | None) -> list[AnswerAttempt]:
    counting = [attempt for one, attempt in graded if one is grade]
    return counting or [attempt for _, attempt in graded if attempt.share is not None]


def grade_assignment(
    assignment: ClassAssignment,
    attempts: Mapping[str, Sequence[AnswerAttempt]],
    terms: AssignmentTerms,
    given: Mapping[str, GivenPoints],
) -> AssignmentGrade:
    """Return the grade of a member for an assignment; `attempts` and `given` by the key of the entry."""
    entries = [
        grade_entry(one, attempts.get(one.key, ()), terms, assignment.counts, given.get(one.key))
        for one in assignment.entries
    ]
    with_points = [one.points for one in entries if one.points is not None]
    computed = sum(with_points, Decimal(0)) if with_points else None
    total = given.get(TOTAL)
    is_given = total is not None and total.points is not None
    points = Decimal(total.points) if total is not None and total.points is not None else computed
    return AssignmentGrade(
        entries=entries,
        possible=assignment.possible,
        points=points,
        computed=computed,
        comment="" if total is None else total.comment,
        is_given=is_given,
        is_late=any(one.is_late for one in entries),
        is_done=_is_done(assignment, entries, points),
        waiting=0 if is_given else sum(one.is_waiting for one in entries),
    )


def _is_done(assignment: ClassAssignment, entries: Sequence[EntryGrade], points: Decimal | None) -> bool:
    """Whether a member has done an assignment: by its threshold, or else with an answer for each part."""
    if assignment.threshold is None:
        return bool(entries) and all(one.attempts or one.is_given for one in entries)
    return points is not None and points * 100 >= assignment.possible * assignment.threshold


def total_of(
    grades: Sequence[tuple[ClassAssignment, AssignmentGrade]], total: str
) -> tuple[Decimal | None, Decimal]:
    """Return the total of a member and how much is possible: points, or percent of a weighted total.

    Only assignments with points count on either side, since blank isn't zero.
    """
    with_points = [
        (assignment, grade.points, grade.possible) for assignment, grade in grades if grade.points is not None
    ]
    if not with_points:
        return None, Decimal(0)
    if total != WEIGHTED:
        points = sum((points for _, points, _ in with_points), Decimal(0))
        return points, sum((possible for _, _, possible in with_points), Decimal(0))
    weighed = [(Decimal(one.weight), points / possible) for one, points, possible in with_points if possible]
    weights = sum((weight for weight, _ in weighed), Decimal(0))
    if not weights:
        return None, Decimal(0)
    percent = sum((weight * share for weight, share in weighed), Decimal(0)) * 100 / weights
    return percent.quantize(_FOUR_DECIMALS, ROUND_HALF_UP), Decimal(100)


def figures_of(column: Sequence[Decimal | None]) -> ClassFigures:
    """Return mean and median of a column, blanks left out."""
    present = [each for each in column if each is not None]
    if not present:
        return ClassFigures(None, None, 0)
    mean = sum(present, Decimal(0)) / len(present)
    return ClassFigures(
        mean.quantize(_FOUR_DECIMALS, ROUND_HALF_UP),
        median(present).quantize(_FOUR_DECIMALS, ROUND_HALF_UP),
        len(present),
    )
