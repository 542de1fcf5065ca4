"""Shows those who grade what one member of a class has answered in an assignment, and each part's points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.operations.classes.class_access import sees_members
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import PAGE, AssignmentEntry, AssignmentTerms
from chalicelib.study.assignments.grade_computation import AnswerAttempt, AssignmentGrade, EntryGrade
from chalicelib.study.items.answer_text import answer_text
from chalicelib.study.study_records import StudyResponse

from .assignment_store import active_member, graded_class, read_assignment
from .assignment_views import AssignmentRow, ExceptionRow, assignment_row, exception_row, label_of_item
from .gradebook import HIDDEN, graded_members

_DECIMAL: Final[dict[str, Any]] = {"any_decimal": True}


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An answer to an item, as text; nothing in it identifies the member."""

    item: str
    label: str
    answer: str
    percent: Decimal | None = field(
        metadata={**_DECIMAL, "help": "How much of it is right, from 0 to 100; null while it isn't graded."}
    )


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt at a part."""

    answered_at: datetime
    serial: int = field(metadata={"help": "The number of the page on which it was given."})
    is_late: bool
    is_refused: bool = field(metadata={"help": "It came after an enforced due date, so it doesn't count."})
    percent: Decimal | None = field(metadata=_DECIMAL)
    answers: list[AnsweredItem]


@dataclass(frozen=True, slots=True)
class GradedPart:
    """A part of an assignment with the points and the attempts of a member."""

    key: str
    kind: str
    name: str
    label: str
    possible: Decimal = field(metadata=_DECIMAL)
    points: Decimal | None = field(metadata={**_DECIMAL, "help": "null is blank, which isn't zero."})
    computed: Decimal | None = field(
        metadata={**_DECIMAL, "help": "By rules, graders or peers, without points given in the gradebook."}
    )
    comment: str
    is_given: bool = field(metadata={"help": "Whether a person has given the points in the gradebook."})
    is_waiting: bool
    is_late: bool
    attempts: list[AttemptRow]


@dataclass(frozen=True, slots=True)
class MemberGrade:
    """What a member has answered in an assignment, and the grade."""

    assignment: AssignmentRow
    seat: str
    name: str | None = field(metadata={"help": HIDDEN})
    participant_id: int | None
    due: datetime | None = field(metadata={"help": "The member's due date, with their exception."})
    points: Decimal | None = field(metadata=_DECIMAL)
    computed: Decimal | None = field(metadata={**_DECIMAL, "help": "Without the total given by hand."})
    possible: Decimal = field(metadata=_DECIMAL)
    comment: str
    is_given: bool
    is_late: bool
    is_done: bool
    waiting: int
    parts: list[GradedPart]
    exception: ExceptionRow | None


def view_member_grade(ctx: Context, class_number: int, number: int, seat: str) -> MemberGrade:
    """Return what a member has answered in an assignment, with the points of each part."""
    study_class = graded_class(ctx, class_number)
    is_named = sees_members(ctx, study_class)
    assignment = read_assignment(ctx, class_number, number)
    member = active_member(ctx, class_number, seat)
    (graded,) = graded_members(ctx, class_number, [assignment], [member])
    ((_, grade),) = graded.grades
    terms = graded.terms[number]
    exception = graded.exceptions.get(number)
    attempts = graded.attempts[number]
    responses = {one.serial: one for one in graded.answers.responses}
    return MemberGrade(
        assignment=assignment_row(ctx, study_class, assignment),
        seat=member.seat,
        name=member.name if is_named else None,
        participant_id=member.participant_id,
        due=terms.due,
        points=grade.points,
        computed=grade.computed,
        possible=grade.possible,
        comment=grade.comment,
        is_given=grade.is_given,
        is_late=grade.is_late,
        is_done=grade.is_done,
        waiting=grade.waiting,
        parts=list(_parts(ctx, grade, attempts, terms, responses)),
        exception=None if exception is None else exception_row(exception, member.name if is_named else None),
    )


def _parts(
    ctx: Context,
    grade: AssignmentGrade,
    attempts: Mapping[str, Sequence[AnswerAttempt]],
    terms: AssignmentTerms,
    responses: Mapping[int, StudyResponse],
) -> Iterator[GradedPart]:
    for one in grade.entries:
        rows = [
            _attempt(ctx, one.entry, each, terms, responses[each.serial])
            for each in attempts.get(one.entry.key, ())
        ]
        yield _part(ctx, one, rows)


def _part(ctx: Context, one: EntryGrade, attempts: list[AttemptRow]) -> GradedPart:
    entry = one.entry
    return GradedPart(
        key=entry.key,
        kind=entry.kind,
        name=entry.name,
        label=entry.name if entry.kind == PAGE else label_of_item(ctx, entry.name),
        possible=entry.points,
        points=one.points,
        computed=one.computed,
        comment=one.comment,
        is_given=one.is_given,
        is_waiting=one.is_waiting,
        is_late=one.is_late,
        attempts=attempts,
    )


def _attempt(
    ctx: Context,
    entry: AssignmentEntry,
    attempt: AnswerAttempt,
    terms: AssignmentTerms,
    response: StudyResponse,
) -> AttemptRow:
    is_late = terms.is_late(attempt.answered_at)
    answers = [
        _answer(ctx, given, attempt.share if entry.kind != PAGE else attempt.shares.get(given["item"]))
        for given in response.answers
        if entry.kind == PAGE or given["item"] == entry.name
    ]
    return AttemptRow(
        attempt.answered_at,
        attempt.serial,
        is_late,
        is_late and terms.is_enforced,
        None if attempt.share is None else attempt.share * 100,
        answers,
    )


def _answer(ctx: Context, given: Mapping[str, Any], share: Decimal | None) -> AnsweredItem:
    item = study_of(ctx).items().get(given["item"])
    value = given.get("answer")
    text = str(value) if item is None else answer_text(item, value)
    return AnsweredItem(
        given["item"],
        label_of_item(ctx, given["item"]) or given["item"],
        "" if value is None else text,
        None if share is None else share * 100,
    )
