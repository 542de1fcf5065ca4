"""Computes the gradebook of a class, the grades of one assignment, and those of one member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.errors import InvalidField
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.classes.class_access import sees_members
from chalicelib.operations.classes.manage_members import member_records
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
    AnswerAttempt,
    AssignmentGrade,
    figures_of,
    grade_assignment,
    total_of,
)
from chalicelib.study.classes.study_class import ClassMember, ScoreStatus

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
#: What the API says about fields that identify members.
HIDDEN: Final = "null for actors who don't see the members of the class."
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
class PlatformScore:
    """Whether a member's learning platform has their score."""

    status: ScoreStatus = field(
        metadata={"help": "Empty before the first one, and while there are no released points."}
    )
    at: datetime | None
    reason: str = field(metadata={"help": "Why the platform refused it, or why it still waits."})


@dataclass(frozen=True, slots=True)
class PlatformScores:
    """How many members of a class have a learning platform that takes scores, and what came of theirs."""

    members: int
    waiting: int
    sent: int
    refused: int


@dataclass(frozen=True, slots=True)
class GradebookRow:
    """A member of the class, with a grade for each assignment."""

    seat: str
    name: str | None = field(metadata={"help": HIDDEN})
    email: str | None = field(metadata={"help": HIDDEN})
    participant_id: int | None
    cells: list[GradeCell]
    total: Decimal | None = field(metadata=_DECIMAL)
    possible: Decimal = field(metadata=_DECIMAL)
    score: PlatformScore | None = field(
        metadata={"help": "null for members without a learning platform that takes scores."}
    )


@dataclass(frozen=True, slots=True)
class GradebookColumn:
    """An assignment in the gradebook."""

    id: str
    name: str
    possible: Decimal = field(metadata=_DECIMAL)
    weight: Decimal = field(metadata=_DECIMAL)
    due: datetime | None
    is_released: bool


@dataclass(frozen=True, slots=True)
class Gradebook:
    """Some members of a class, by name, each with a grade for each assignment."""

    class_id: int
    class_name: str
    time_zone: str
    total: str = field(metadata={"help": "sum or weighted."})
    columns: list[GradebookColumn]
    rows: list[GradebookRow]
    members: int = field(metadata={"help": "How many members the class has."})
    scores: PlatformScores
    next: str | None = field(metadata={"help": "`after` of the next page; null on the last one."})


@dataclass(frozen=True, slots=True)
class ColumnFigures:
    """Mean and median of an assignment over the class, blanks left out."""

    id: str
    mean: Decimal | None = field(metadata=_DECIMAL)
    median: Decimal | None = field(metadata=_DECIMAL)
    graded: int = field(metadata={"help": "How many members have points."})
    waiting: int = field(metadata={"help": "How many answers wait for a grade."})


@dataclass(frozen=True, slots=True)
class GradebookFigures:
    """Means and medians of a class."""

    class_id: int
    members: int
    columns: list[ColumnFigures]
    mean: Decimal | None = field(metadata={**_DECIMAL, "help": "Of the totals."})
    median: Decimal | None = field(metadata={**_DECIMAL, "help": "Of the totals."})
    graded: int = field(metadata={"help": "How many members have a total."})


@dataclass(frozen=True, slots=True)
class GradedMember:
    """A member with their answers, exceptions and grades, while a gradebook is computed."""

    member: ClassMember
    answers: AnswersOfMember
    #: The attempts at each assignment by its number, then by the key of the part.
    attempts: Mapping[int, Mapping[str, Sequence[AnswerAttempt]]]
    grades: list[tuple[ClassAssignment, AssignmentGrade]]
    terms: dict[int, AssignmentTerms]
    exceptions: dict[int, DeadlineException]


def graded_members(
    ctx: Context, class_number: int, assignments: Sequence[ClassAssignment], members: Sequence[ClassMember]
) -> list[GradedMember]:
    """Return members with their grades for some assignments of a class."""
    seats = [member.seat for member in members]
    given = points_given(ctx, class_number, seats)
    exceptions = exceptions_of(ctx, class_number, seats)
    found = []
    for member in members:
        answers = answers_of(ctx, member.participant_id)
        own = {one.number: exceptions.get((one.number, member.seat)) for one in assignments}
        terms = {one.number: terms_of(one, own[one.number]) for one in assignments}
        attempts = {one.number: attempts_at(ctx, one, answers) for one in assignments}
        grades = [
            (
                one,
                grade_assignment(
                    one,
                    attempts[one.number],
                    terms[one.number],
                    given.get((one.number, member.seat), {}),
                ),
            )
            for one in assignments
        ]
        kept = {number: one for number, one in own.items() if one is not None}
        found.append(GradedMember(member, answers, attempts, grades, terms, kept))
    return found


def read_gradebook(ctx: Context, class_number: int, start: int = 0, limit: int | None = None) -> Gradebook:
    """Return the gradebook of a class: its members by name from the `start`-th on, `limit` at most."""
    study_class = graded_class(ctx, class_number)
    assignments = assignments_of(ctx, class_number)
    settings = settings_of(ctx, class_number)
    members = active_members(ctx, class_number)
    end = len(members) if limit is None else start + limit
    graded = graded_members(ctx, class_number, assignments, members[start:end])
    return Gradebook(
        class_id=class_number,
        class_name=study_class.name,
        time_zone=study_class.time_zone,
        total=settings.total,
        columns=[column_of(one) for one in assignments],
        rows=[_row(one, settings.total, is_named=sees_members(ctx, study_class)) for one in graded],
        members=len(members),
        scores=_scores(members),
        next=str(end) if end < len(members) else None,
    )


def read_figures(ctx: Context, class_number: int) -> GradebookFigures:
    """Return means and medians over all members of a class."""
    graded_class(ctx, class_number)
    assignments = assignments_of(ctx, class_number)
    total = settings_of(ctx, class_number).total
    graded = graded_members(ctx, class_number, assignments, active_members(ctx, class_number))
    totals = figures_of([total_of(one.grades, total)[0] for one in graded])
    columns = [
        _figures_of_column(assignment, [one.grades[index][1] for one in graded])
        for index, assignment in enumerate(assignments)
    ]
    return GradebookFigures(class_number, len(graded), columns, totals.mean, totals.median, totals.count)


def _row(one: GradedMember, total: str, *, is_named: bool) -> GradebookRow:
    points, possible = total_of(one.grades, total)
    return GradebookRow(
        seat=one.member.seat,
        name=one.member.name if is_named else None,
        email=one.member.email if is_named else None,
        participant_id=one.member.participant_id,
        cells=[cell_of(assignment, grade) for assignment, grade in one.grades],
        total=points,
        possible=possible,
        score=_score(one.member),
    )


def _score(member: ClassMember) -> PlatformScore | None:
    if not member.line_item:
        return None
    at = None if member.score_at is None else datetime.fromisoformat(member.score_at)
    return PlatformScore(ScoreStatus(member.score_status), at, member.score_reason)


def _scores(members: Sequence[ClassMember]) -> PlatformScores:
    statuses = [member.score_status for member in members if member.line_item]
    found = (ScoreStatus.WAITING, ScoreStatus.SENT, ScoreStatus.REFUSED)
    return PlatformScores(len(statuses), *(statuses.count(one.value) for one in found))


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


def column_of(assignment: ClassAssignment) -> GradebookColumn:
    """Return an assignment as the head of a column."""
    return GradebookColumn(
        id=assignment_id(assignment),
        name=assignment.name,
        possible=assignment.possible,
        weight=Decimal(assignment.weight),
        due=None if assignment.due is None else datetime.fromisoformat(assignment.due),
        is_released=assignment.released_at is not None,
    )


def _figures_of_column(assignment: ClassAssignment, grades: Sequence[AssignmentGrade]) -> ColumnFigures:
    figures = figures_of([one.points for one in grades])
    return ColumnFigures(
        id=assignment_id(assignment),
        mean=figures.mean,
        median=figures.median,
        graded=figures.count,
        waiting=sum(one.waiting for one in grades),
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
        raise InvalidField("part", f"{entry!r} isn't a part of the assignment")
    if points is not None and not 0 <= points <= possible[entry]:
        raise InvalidField("points", f"must be from 0 to {possible[entry]}")
    if len(comment) > MAX_COMMENT:
        raise InvalidField("comment", f"must have at most {MAX_COMMENT:,} characters")
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
    computed = _computed(ctx, assignment, member, entry)
    record_change(
        ctx,
        "gradebooks.grade",
        # A hash stands for the member: values of the audit log can't be erased with them.
        records=[("assignments", assignment_id(assignment)), *member_records(ctx, member)],
        fields={
            "entry": entry,
            "points": None if points is None else str(points),
            "computed": None if computed is None else str(computed),
        },
    )


def _computed(ctx: Context, assignment: ClassAssignment, member: ClassMember, entry: str) -> Decimal | None:
    """Return the points that count without those that people give in the gradebook, for the audit log."""
    ((_, grade),) = graded_members(ctx, assignment.class_number, [assignment], [member])[0].grades
    if entry == TOTAL:
        return grade.computed
    return next(one.computed for one in grade.entries if one.entry.key == entry)
