"""Computes the gradebook of a class, the grades of one assignment, and those of one member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.errors import InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.study.assignments.assignment_records import (
    TOTAL,
    AssignmentTerms,
    ClassAssignment,
    DeadlineException,
    GivenPoints,
    terms_of,
)
from chalicelib.study.assignments.grade_computation import (
    AssignmentGrade,
    figures_of,
    grade_assignment,
    total_of,
)
from chalicelib.study.classes.study_class import ClassMember

from .assignment_store import (
    active_member,
    active_members,
    assignments_of,
    exceptions_of,
    graded_class,
    points_given,
    read_assignment,
    settings_of,
)
from .grade_reading import AnswersOfMember, answers_of, attempts_at
from .manage_assignments import assignment_id

MAX_COMMENT: Final = 5_000
_DECIMAL: Final[dict[str, Any]] = {"any_decimal": True}


@dataclass(frozen=True, slots=True)
class GradeCell:
    """The grade of a member for an assignment."""

    assignment: str
    points: Decimal | None = field(metadata={**_DECIMAL, "help": "null is blank, which isn't zero."})
    computed: Decimal | None = field(metadata={**_DECIMAL, "help": "Without the total given by hand."})
    is_given: bool
    is_late: bool
    is_done: bool
    waiting: int = field(metadata={"help": "How many answers wait for a grade."})
    comment: str


@dataclass(frozen=True, slots=True)
class GradebookRow:
    """A member of the class, with a grade for each assignment."""

    seat: str
    name: str = field(metadata={"personal": True})
    email: str = field(metadata={"personal": True})
    participant_id: int | None
    cells: list[GradeCell]
    total: Decimal | None = field(metadata=_DECIMAL)
    possible: Decimal = field(metadata=_DECIMAL)


@dataclass(frozen=True, slots=True)
class GradebookColumn:
    """An assignment in the gradebook, with mean and median of the class."""

    id: str
    name: str
    possible: Decimal = field(metadata=_DECIMAL)
    weight: Decimal = field(metadata=_DECIMAL)
    due: datetime | None
    is_released: bool
    mean: Decimal | None = field(metadata=_DECIMAL)
    median: Decimal | None = field(metadata=_DECIMAL)
    graded: int


@dataclass(frozen=True, slots=True)
class Gradebook:
    """The gradebook of a class: only its members, each with a grade for each assignment."""

    class_id: int
    class_name: str
    time_zone: str
    total: str
    columns: list[GradebookColumn]
    rows: list[GradebookRow]
    mean: Decimal | None = field(metadata=_DECIMAL)
    median: Decimal | None = field(metadata=_DECIMAL)


@dataclass(frozen=True, slots=True)
class GradedMember:
    """A member with their answers, exceptions and grades, while a gradebook is computed."""

    member: ClassMember
    answers: AnswersOfMember
    grades: list[tuple[ClassAssignment, AssignmentGrade]]
    terms: dict[int, AssignmentTerms]
    exceptions: dict[int, DeadlineException]


def graded_members(
    ctx: Context, class_number: int, assignments: Sequence[ClassAssignment], members: Sequence[ClassMember]
) -> list[GradedMember]:
    """Return members with their grades for some assignments of a class."""
    given = points_given(ctx, class_number)
    exceptions = exceptions_of(ctx, class_number)
    found = []
    for member in members:
        answers = answers_of(ctx, member.participant_id)
        own = {one.number: exceptions.get((one.number, member.seat)) for one in assignments}
        terms = {one.number: terms_of(one, own[one.number]) for one in assignments}
        grades = [
            (
                one,
                grade_assignment(
                    one,
                    attempts_at(ctx, one, answers),
                    terms[one.number],
                    given.get((one.number, member.seat), {}),
                ),
            )
            for one in assignments
        ]
        kept = {number: one for number, one in own.items() if one is not None}
        found.append(GradedMember(member, answers, grades, terms, kept))
    return found


def read_gradebook(ctx: Context, class_number: int) -> Gradebook:
    """Return the gradebook of a class."""
    study_class = graded_class(ctx, class_number)
    assignments = assignments_of(ctx, class_number)
    settings = settings_of(ctx, class_number)
    graded = graded_members(ctx, class_number, assignments, active_members(ctx, class_number))
    rows = [_row(one, settings.total) for one in graded]
    columns = [
        _column(assignment, [row.cells[index].points for row in rows])
        for index, assignment in enumerate(assignments)
    ]
    totals = figures_of([row.total for row in rows])
    return Gradebook(
        class_id=class_number,
        class_name=study_class.name,
        time_zone=study_class.time_zone,
        total=settings.total,
        columns=columns,
        rows=rows,
        mean=totals.mean,
        median=totals.median,
    )


def _row(one: GradedMember, total: str) -> GradebookRow:
    points, possible = total_of(one.grades, total)
    return GradebookRow(
        seat=one.member.seat,
        name=one.member.name,
        email=one.member.email,
        participant_id=one.member.participant_id,
        cells=[cell_of(assignment, grade) for assignment, grade in one.grades],
        total=points,
        possible=possible,
    )


def cell_of(assignment: ClassAssignment, grade: AssignmentGrade) -> GradeCell:
    """Return a grade as the gradebook shows it."""
    return GradeCell(
        assignment=assignment_id(assignment),
        points=grade.points,
        computed=grade.computed,
        is_given=grade.is_given,
        is_late=grade.is_late,
        is_done=grade.is_done,
        waiting=grade.waiting,
        comment=grade.comment,
    )


def _column(assignment: ClassAssignment, points: Sequence[Decimal | None]) -> GradebookColumn:
    figures = figures_of(points)
    return GradebookColumn(
        id=assignment_id(assignment),
        name=assignment.name,
        possible=assignment.possible,
        weight=Decimal(assignment.weight),
        due=None if assignment.due is None else datetime.fromisoformat(assignment.due),
        is_released=assignment.released_at is not None,
        mean=figures.mean,
        median=figures.median,
        graded=figures.count,
    )


def give_points(
    ctx: Context,
    class_number: int,
    number: int,
    seat: str,
    entry: str = TOTAL,
    points: Decimal | None = None,
    comment: str = "",
) -> None:
    """Give a member points and a comment for a part of an assignment, or as its total. Idempotent.

    `entry`: the key of the part; empty for the total. Without points and comment, what was given before is
    removed, and the computed points count again. Answers never change.
    """
    graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    member = active_member(ctx, class_number, seat)
    possible = {one.key: one.points for one in assignment.entries} | {TOTAL: assignment.possible}
    if entry not in possible:
        raise InvalidState(f"The assignment has no part {entry!r}.", code="unknown_part")
    if points is not None and not 0 <= points <= possible[entry]:
        raise InvalidState(f"Give from 0 to {possible[entry]} points.", code="points_out_of_range")
    if len(comment) > MAX_COMMENT:
        raise InvalidState(
            f"The comment has more than {MAX_COMMENT:,} characters; shorten it.", code="comment_too_long"
        )
    key = keys.given_points(class_number, number, member.seat, entry)
    stored = ctx.uow.item(key)
    if points is None and not comment.strip():
        if stored is None:
            return
        ctx.uow.delete_item(key, expect=stored["v"])
    else:
        given = GivenPoints(
            class_number,
            number,
            member.seat,
            entry,
            None if points is None else str(points),
            comment.strip(),
            str(iso(ctx.now)),
            require_actor(ctx).id,
        )
        ctx.uow.put_if_unchanged(key, given.kind, given.to_fields())
    record_change(
        ctx,
        "gradebooks.grade",
        records=[("assignments", assignment_id(assignment))],
        fields={"seat": seat, "entry": entry, "points": None if points is None else str(points)},
    )
