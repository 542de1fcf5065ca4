"""Shows assignments to those who grade: their rules, their parts, and what the study can be graded on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.classes.class_access import sees_members
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import (
    ITEM,
    AssignmentEntry,
    ClassAssignment,
    DeadlineException,
)
from chalicelib.study.assignments.member_work import pages_of_study
from chalicelib.study.classes.study_class import StudyClass

from .assignment_store import (
    active_members,
    assignments_of,
    count_exceptions,
    count_points,
    graded_class,
    read_assignment,
    settings_of,
)
from .manage_assignments import assignment_id

_DECIMAL: Final[dict[str, Any]] = {"any_decimal": True}
#: How long the label of a question is at most.
_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part of an assignment."""

    kind: str = field(metadata={"help": "item or page."})
    name: str
    label: str = field(metadata={"help": "The question of an item; the name of a page."})
    points: Decimal = field(metadata=_DECIMAL)
    key: str = field(metadata={"help": "`part` of assignments.grade."})


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment of a class; moments are in UTC."""

    id: str
    class_id: int
    name: str
    parts: list[PartRow]
    possible: Decimal = field(metadata=_DECIMAL)
    due: datetime | None
    enforced: bool
    visible_from: datetime | None
    released_at: datetime | None
    minutes: int | None
    pause: bool
    feedback: bool
    threshold: int | None
    counts: str
    grading: str
    weight: Decimal = field(metadata=_DECIMAL)
    time_zone: str = field(metadata={"help": "The time zone of the class."})
    exceptions: int | None = field(
        metadata={"help": "How many members have an exception; null in the grade of one member."}
    )
    points_given: int | None = field(
        metadata={
            "help": "How many points and comments people have given in it; null in the grade of one member."
        }
    )


@dataclass(frozen=True, slots=True)
class AssignmentList:
    """The assignments of a class, in the order in which they were set."""

    class_id: int
    class_name: str
    time_zone: str
    total: str
    assignments: list[AssignmentRow]


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """What holds for one member of a class in place of an assignment's rules; moments are in UTC."""

    seat: str
    due: datetime | None
    visible_from: datetime | None
    factor: Decimal = field(metadata={**_DECIMAL, "help": "1.5: half as much time again."})
    reason: str
    given_at: datetime
    given_by: str
    name: str | None = field(
        default=None, metadata={"help": "null for actors who don't see the members of the class."}
    )


@dataclass(frozen=True, slots=True)
class ExceptionList:
    """The exceptions from the rules of an assignment, by the members' names."""

    id: str
    exceptions: list[ExceptionRow]


@dataclass(frozen=True, slots=True)
class PossibleItem:
    """An item of the study that an assignment can have as a part."""

    name: str
    label: str
    points: Decimal = field(metadata=_DECIMAL)
    grading: str
    page: str = field(metadata={"help": "The path of the first page that asks it; empty without one."})


@dataclass(frozen=True, slots=True)
class PossiblePage:
    """A page of the study that an assignment can have as a part."""

    name: str
    path: str
    items: list[str]


@dataclass(frozen=True, slots=True)
class PossibleParts:
    """What the study can be graded on."""

    items: list[PossibleItem]
    pages: list[PossiblePage]


def numbers_of(text: str) -> tuple[int, int]:
    """Return class and number of an assignment by its id, `3-2`; NotFound for a text that isn't one."""
    first, _, second = text.partition("-")
    numbers = read_canonical_id(first, "class"), read_canonical_id(second, "assignment")
    if numbers[0] is None or numbers[1] is None:
        raise NotFound(f"There is no assignment {text!r}.", code="class_assignment_not_found")
    return numbers[0], numbers[1]


def class_number_of(text: str) -> int:
    """Return the number of a class by its id; NotFound for a text that isn't one."""
    number = read_canonical_id(text, "class")
    if number is None:
        raise NotFound(f"There is no class {text!r}.", code="class_not_found")
    return number


def list_assignments(ctx: Context, class_number: int) -> AssignmentList:
    """Return the assignments of a class."""
    study_class = graded_class(ctx, class_number)
    exceptions = count_exceptions(ctx, class_number)
    given = count_points(ctx, class_number)
    rows = [
        assignment_row(ctx, study_class, one, exceptions[one.number], given[one.number])
        for one in assignments_of(ctx, class_number)
    ]
    total = settings_of(ctx, class_number).total
    return AssignmentList(class_number, study_class.name, study_class.time_zone, total, rows)


def view_assignment(
    ctx: Context, class_number: int, number: int, changed: ClassAssignment | None = None
) -> AssignmentRow:
    """Return an assignment of a class.

    `changed`: the assignment as this unit of work stores it; otherwise it is read.
    """
    study_class = graded_class(ctx, class_number)
    assignment = changed or read_assignment(ctx, class_number, number)
    exceptions = count_exceptions(ctx, class_number)[number]
    given = count_points(ctx, class_number)[number]
    return assignment_row(ctx, study_class, assignment, exceptions, given)


def assignment_row(
    ctx: Context,
    study_class: StudyClass,
    one: ClassAssignment,
    exceptions: int | None = None,
    given: int | None = None,
) -> AssignmentRow:
    """Return an assignment as it is shown to those who grade.

    Args:
        ctx: The context.
        study_class: Its class.
        one: The assignment.
        exceptions: How many members have an exception; None where it isn't counted.
        given: How many points and comments people have given in it; None where it isn't counted.

    """
    return AssignmentRow(
        id=assignment_id(one),
        class_id=one.class_number,
        name=one.name,
        parts=[part_row(ctx, entry) for entry in one.entries],
        possible=one.possible,
        due=_moment(one.due),
        enforced=one.enforced,
        visible_from=_moment(one.visible_from),
        released_at=_moment(one.released_at),
        minutes=None if one.minutes is None else int(one.minutes),
        pause=one.pause,
        feedback=one.feedback,
        threshold=one.threshold,
        counts=one.counts,
        grading=one.grading,
        weight=Decimal(one.weight),
        time_zone=study_class.time_zone,
        exceptions=exceptions,
        points_given=given,
    )


def part_row(ctx: Context, entry: AssignmentEntry) -> PartRow:
    """Return a part of an assignment, with the question of an item."""
    label = label_of_item(ctx, entry.name) if entry.kind == ITEM else entry.name
    return PartRow(entry.kind, entry.name, label, entry.points, entry.key)


def label_of_item(ctx: Context, name: str) -> str:
    """Return the question of an item on one line; its name, if it has none or the study has lost it."""
    item = study_of(ctx).items().get(name)
    prompt = "" if item is None else " ".join(str(item.prompt).split())
    return prompt if len(prompt) <= _LABEL else f"{prompt[: _LABEL - 1]}…"


def list_exceptions(ctx: Context, class_number: int, number: int) -> ExceptionList:
    """Return the exceptions from the rules of an assignment, of members who haven't left."""
    is_named = sees_members(ctx, graded_class(ctx, class_number))
    assignment = read_assignment(ctx, class_number, number)
    own = {one.seat: one for one in _exceptions(ctx, class_number) if one.assignment == number}
    rows = [
        exception_row(own[member.seat], member.name if is_named else None)
        for member in active_members(ctx, class_number)
        if member.seat in own
    ]
    return ExceptionList(assignment_id(assignment), rows)


def exception_row(exception: DeadlineException, name: str | None = None) -> ExceptionRow:
    """Return an exception as it is shown to those who grade."""
    return ExceptionRow(
        seat=exception.seat,
        due=_moment(exception.due),
        visible_from=_moment(exception.visible_from),
        factor=Decimal(exception.factor),
        reason=exception.reason,
        given_at=datetime.fromisoformat(exception.given_at),
        given_by=exception.given_by,
        name=name,
    )


def possible_parts(ctx: Context) -> PossibleParts:
    """Return the items and the pages of the study, pages in the order of the timeline."""
    study = study_of(ctx)
    pages: dict[str, PossiblePage] = {}
    first: dict[str, str] = {}
    for ref, asked in pages_of_study(study):
        pages.setdefault(ref.path, PossiblePage(ref.name, ref.path, list(asked)))
        for name in asked:
            first.setdefault(name, ref.path)
    items = [
        PossibleItem(
            name, label_of_item(ctx, name) or name, Decimal(item.points), item.grading, first.get(name, "")
        )
        for name, item in study.items().items()
    ]
    return PossibleParts(items, list(pages.values()))


def _exceptions(ctx: Context, class_number: int) -> Sequence[DeadlineException]:
    stored = ctx.uow.items(keys.class_work(class_number), keys.CLASS_EXCEPTIONS)
    return [DeadlineException.from_item(item) for item in stored]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
