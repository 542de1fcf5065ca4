"""/api/v1/assignments: what a class is to do, exceptions for one member, points given by hand, release."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, NoParameters
from chalicelib.operations.assignments.assignment_fields import (
    MAX_MINUTES,
    MAX_NAME,
    MAX_PARTS,
    MAX_REASON,
    AssignmentFields,
    fields_of_assignment,
)
from chalicelib.operations.assignments.assignment_store import graded_class, read_assignment
from chalicelib.operations.assignments.assignment_views import (
    AssignmentList,
    AssignmentRow,
    ExceptionList,
    ExceptionRow,
    PossibleParts,
    exception_row,
    list_assignments,
    list_exceptions,
    numbers_of,
    possible_parts,
    view_assignment,
)
from chalicelib.operations.assignments.except_member import except_member
from chalicelib.operations.assignments.gradebook import MAX_COMMENT, give_points
from chalicelib.operations.assignments.manage_assignments import (
    change_assignment,
    delete_assignment,
    release_grades,
    set_assignment,
)
from chalicelib.operations.assignments.member_grades import MemberGrade, view_member_grade
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "assignments"
_CLASS: Final[dict[str, Any]] = {"min": 1, "max": 10**9, "help": "The number of the class."}
_SEAT: Final[dict[str, Any]] = {"min": 1, "max": 80, "help": "The seat of the member."}
_NAME: Final[dict[str, Any]] = {"min": 1, "max": MAX_NAME}
_PARTS: Final[dict[str, Any]] = {
    "max": 400,
    "max_items": MAX_PARTS,
    "help": "Lines such as `item capital 10` or `page intro 5`: the kind, the name, and the points.",
}
_MOMENT: Final[dict[str, Any]] = {
    "max": 40,
    "help": "A local time of the class such as `2026-11-30T18:00`, or a moment with an offset; "
    "empty for none.",
}
_MINUTES: Final[dict[str, Any]] = {
    "min": 0,
    "max": MAX_MINUTES,
    "help": "The time to work on it, from the first page on; 0 for no limit.",
}
_THRESHOLD: Final[dict[str, Any]] = {
    "min": 0,
    "max": 100,
    "help": "From how many percent on it is done; 0: when each part is answered.",
}
_PART: Final[dict[str, Any]] = {
    "max": 400,
    "help": "The part, such as `item:capital`; empty for the total of the assignment.",
}
#: What a change takes over as it is sent.
_CHANGED: Final = (
    *("name", "parts", "due", "enforced", "visible_from"),
    *("pause", "feedback", "counts", "grading"),
)
Counts = Literal["first", "last", "best", "all"]
Grading = Literal["rule", "hand", "peer"]


@dataclass(frozen=True, slots=True)
class OfClass:
    """A class."""

    class_id: int = field(metadata=_CLASS)


@dataclass(frozen=True, slots=True)
class OneAssignment:
    """An assignment."""

    id: str = field(metadata=ID_TEXT)


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """An assignment to set."""

    class_id: int = field(metadata=_CLASS)
    name: str = field(metadata=_NAME)
    parts: list[str] = field(metadata=_PARTS)
    due: str = field(default="", metadata=_MOMENT)
    enforced: bool = field(default=False, metadata={"help": "Whether later answers are refused."})
    visible_from: str = field(default="", metadata=_MOMENT)
    minutes: int = field(default=0, metadata=_MINUTES)
    pause: bool = True
    feedback: bool = True
    threshold: int = field(default=0, metadata=_THRESHOLD)
    counts: Counts = field(default="best", metadata={"help": "Which attempt counts."})
    grading: Grading = "rule"
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class ChangedAssignment:
    """What to change about an assignment; what is left out stays."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata=_NAME)
    parts: list[str] | None = field(default=None, metadata=_PARTS)
    due: str | None = field(default=None, metadata=_MOMENT)
    enforced: bool | None = None
    visible_from: str | None = field(default=None, metadata=_MOMENT)
    minutes: int | None = field(default=None, metadata=_MINUTES)
    pause: bool | None = None
    feedback: bool | None = None
    threshold: int | None = field(default=None, metadata=_THRESHOLD)
    counts: Counts | None = None
    grading: Grading | None = None
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DeletedAssignment:
    """An assignment to delete."""

    id: str = field(metadata=ID_TEXT)
    points_given: int = field(
        default=0,
        metadata={
            "min": 0,
            "max": 10**9,
            "help": "How many points and comments given by people are deleted with it, as assignments.read "
            "says; refused for any other number.",
        },
    )


@dataclass(frozen=True, slots=True)
class ForMember:
    """An assignment of one member."""

    id: str = field(metadata=ID_TEXT)
    seat: str = field(metadata=_SEAT)


@dataclass(frozen=True, slots=True)
class ExceptMember:
    """What holds for one member in place of the assignment's rules."""

    id: str = field(metadata=ID_TEXT)
    seat: str = field(metadata=_SEAT)
    due: str = field(default="", metadata=_MOMENT)
    visible_from: str = field(default="", metadata=_MOMENT)
    factor: Decimal = field(default=Decimal(1), metadata={"help": "1.50: half as much time again."})
    reason: str = field(default="", metadata={"max": MAX_REASON})


@dataclass(frozen=True, slots=True)
class MemberException:
    """The exception of one member."""

    id: str
    seat: str
    exception: ExceptionRow | None = field(metadata={"help": "null: the assignment's own rules hold."})


@dataclass(frozen=True, slots=True)
class PointsForMember:
    """Points and a comment for one member."""

    id: str = field(metadata=ID_TEXT)
    seat: str = field(metadata=_SEAT)
    part: str = field(default="", metadata=_PART)
    points: Decimal | None = field(default=None, metadata={"help": "null for a comment alone."})
    comment: str = field(default="", metadata={"max": MAX_COMMENT})


@dataclass(frozen=True, slots=True)
class NoPointsForMember:
    """Points and a comment to remove."""

    id: str = field(metadata=ID_TEXT)
    seat: str = field(metadata=_SEAT)
    part: str = field(default="", metadata=_PART)


def _create(ctx: Context, asked: NewAssignment) -> AssignmentRow:
    fields = AssignmentFields(
        name=asked.name,
        parts=asked.parts,
        due=asked.due,
        enforced=asked.enforced,
        visible_from=asked.visible_from,
        minutes=asked.minutes or None,
        pause=asked.pause,
        feedback=asked.feedback,
        threshold=asked.threshold or None,
        counts=asked.counts,
        grading=asked.grading,
        weight=str(asked.weight),
    )
    created = set_assignment(ctx, asked.class_id, fields)
    return view_assignment(ctx, asked.class_id, created.number, created)


def _change(ctx: Context, asked: ChangedAssignment) -> AssignmentRow:
    class_number, number = numbers_of(asked.id)
    graded_class(ctx, class_number)
    fields = fields_of_assignment(read_assignment(ctx, class_number, number))
    given: dict[str, Any] = {name: value for name in _CHANGED if (value := getattr(asked, name)) is not None}
    if asked.minutes is not None:
        given["minutes"] = asked.minutes or None
    if asked.threshold is not None:
        given["threshold"] = asked.threshold or None
    if asked.weight is not None:
        given["weight"] = str(asked.weight)
    changed = change_assignment(ctx, class_number, number, replace(fields, **given))
    return view_assignment(ctx, class_number, number, changed)


def _delete(ctx: Context, asked: DeletedAssignment) -> DeletedAssignment:
    delete_assignment(ctx, *numbers_of(asked.id), asked.points_given)
    return asked


def _except(ctx: Context, asked: ExceptMember) -> MemberException:
    exception = except_member(
        ctx,
        *numbers_of(asked.id),
        asked.seat,
        due=asked.due,
        visible_from=asked.visible_from,
        factor=str(asked.factor),
        reason=asked.reason,
    )
    return MemberException(asked.id, asked.seat, exception_row(exception) if exception else None)


def _end_exception(ctx: Context, asked: ForMember) -> MemberException:
    except_member(ctx, *numbers_of(asked.id), asked.seat)
    return MemberException(asked.id, asked.seat, None)


def _give(ctx: Context, asked: PointsForMember) -> PointsForMember:
    give_points(ctx, *numbers_of(asked.id), asked.seat, asked.part, asked.points, asked.comment)
    return asked


def _take_back(ctx: Context, asked: NoPointsForMember) -> NoPointsForMember:
    give_points(ctx, *numbers_of(asked.id), asked.seat, asked.part)
    return asked


def _release(ctx: Context, asked: OneAssignment, *, is_released: bool) -> AssignmentRow:
    numbers = numbers_of(asked.id)
    changed = release_grades(ctx, *numbers, is_released=is_released)
    return view_assignment(ctx, *numbers, changed)


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="assignments.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.GRADE,
        parameters=OfClass,
        answer=AssignmentList,
        run=lambda ctx, asked: list_assignments(ctx, asked.class_id),
        summary="Lists the assignments of a class, in the order in which they were set.",
    ),
    ApiOperation(
        name="assignments.create",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.GRADE,
        parameters=NewAssignment,
        answer=AssignmentRow,
        run=_create,
        summary="Sets an assignment for a class; its grades aren't released.",
    ),
    ApiOperation(
        name="assignments.parts",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="parts",
        right=Right.GRADE,
        parameters=NoParameters,
        answer=PossibleParts,
        run=lambda ctx, _: possible_parts(ctx),
        summary="Lists the items and the pages of the study, which assignments can have as parts.",
    ),
    ApiOperation(
        name="assignments.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=OneAssignment,
        answer=AssignmentRow,
        run=lambda ctx, asked: view_assignment(ctx, *numbers_of(asked.id)),
        summary="Returns an assignment.",
    ),
    ApiOperation(
        name="assignments.change",
        method="PATCH",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=ChangedAssignment,
        answer=AssignmentRow,
        run=_change,
        summary="Changes an assignment; grades follow from the answers with the rules that hold now.",
    ),
    ApiOperation(
        name="assignments.delete",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.GRADE,
        parameters=DeletedAssignment,
        answer=DeletedAssignment,
        run=_delete,
        summary="Deletes an assignment with its exceptions and points given by hand; answers stay.",
    ),
    ApiOperation(
        name="assignments.exceptions",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="exceptions",
        right=Right.GRADE,
        parameters=OneAssignment,
        answer=ExceptionList,
        run=lambda ctx, asked: list_exceptions(ctx, *numbers_of(asked.id)),
        summary="Lists the members for whom other rules hold.",
    ),
    ApiOperation(
        name="assignments.except",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="exceptions",
        right=Right.GRADE,
        parameters=ExceptMember,
        answer=MemberException,
        run=_except,
        summary="Gives one member another due date, another first day, or more time.",
    ),
    ApiOperation(
        name="assignments.end-exception",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="exceptions",
        right=Right.GRADE,
        parameters=ForMember,
        answer=MemberException,
        run=_end_exception,
        summary="Removes the exception of one member.",
    ),
    ApiOperation(
        name="assignments.member",
        method="GET",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="member",
        right=Right.GRADE,
        parameters=ForMember,
        answer=MemberGrade,
        run=lambda ctx, asked: view_member_grade(ctx, *numbers_of(asked.id), asked.seat),
        summary="Returns what one member has answered in it, with the points of each part.",
    ),
    ApiOperation(
        name="assignments.grade",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="grade",
        right=Right.GRADE,
        parameters=PointsForMember,
        answer=PointsForMember,
        run=_give,
        summary="Gives one member points and a comment, for a part or as the total.",
    ),
    ApiOperation(
        name="assignments.remove-grade",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="grade",
        right=Right.GRADE,
        parameters=NoPointsForMember,
        answer=NoPointsForMember,
        run=_take_back,
        summary="Removes points and comment given by hand; the computed points count again.",
    ),
    ApiOperation(
        name="assignments.release",
        method="POST",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="release",
        right=Right.GRADE,
        parameters=OneAssignment,
        answer=AssignmentRow,
        run=lambda ctx, asked: _release(ctx, asked, is_released=True),
        summary="Shows the members their grades for an assignment, with comments.",
    ),
    ApiOperation(
        name="assignments.withdraw",
        method="DELETE",
        records_itself=True,
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="release",
        right=Right.GRADE,
        parameters=OneAssignment,
        answer=AssignmentRow,
        run=lambda ctx, asked: _release(ctx, asked, is_released=False),
        summary="Hides the grades for an assignment from the members again.",
    ),
)
