"""Sets, changes, releases and deletes assignments, and gives one member other terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from chalicelib.errors import InvalidState
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import (
    ENTRY_KINDS,
    GRADINGS_OF_ASSIGNMENTS,
    ITEM,
    TOTALS,
    ClassAssignment,
    DeadlineException,
)
from chalicelib.study.assignments.grade_computation import shown
from chalicelib.study.assignments.member_work import pages_of_study
from chalicelib.study.classes.study_class import StudyClass
from chalicelib.study.items.grading import COUNTS

from .assignment_store import (
    active_member,
    graded_class,
    read_assignment,
    settings_of,
    store_assignment,
    store_settings,
)

#: How many parts an assignment has at most, how many assignments a class, and how long texts are.
MAX_PARTS: Final = 200
MAX_ASSIGNMENTS: Final = 200
MAX_NAME: Final = 120
MAX_REASON: Final = 500
MAX_POINTS: Final = Decimal(100_000)
MAX_MINUTES: Final = 60 * 24 * 7
MAX_FACTOR: Final = Decimal(10)
_HUNDRED: Final = 100


@immutable(kw_only=True)
class AssignmentFields:
    """What an instructor sets about an assignment; moments are local times of the class: 2026-11-30T18:00."""

    name: str
    #: Lines such as `item capital 10` or `page intro 5`: the kind, the name, and the points.
    parts: Sequence[str]
    due: str = ""
    enforced: bool = False
    visible_from: str = ""
    minutes: int | None = None
    pause: bool = True
    feedback: bool = True
    threshold: int | None = None
    counts: str = "best"
    grading: str = "rule"
    weight: str = "1"


def set_assignment(ctx: Context, class_number: int, fields: AssignmentFields) -> ClassAssignment:
    """Set a new assignment for a class; its grades aren't released yet.

    InvalidState says what isn't valid about its fields.
    """
    study_class = graded_class(ctx, class_number)
    settings = settings_of(ctx, class_number)
    if settings.last >= MAX_ASSIGNMENTS:
        raise InvalidState(f"A class has {MAX_ASSIGNMENTS} assignments at most.", code="too_many_assignments")
    settings.last += 1
    assignment = ClassAssignment(class_number, settings.last, "")
    _fill(ctx, study_class, assignment, fields)
    assignment.created_at, assignment.created_by = str(iso(ctx.now)), require_actor(ctx).id
    store_settings(ctx, settings)
    store_assignment(ctx, assignment)
    _record(ctx, "assignments.create", assignment, _values(assignment))
    return assignment


def change_assignment(
    ctx: Context, class_number: int, number: int, fields: AssignmentFields
) -> ClassAssignment:
    """Change an assignment. Grades are computed from the answers again, with the rules that hold now."""
    study_class = graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    _fill(ctx, study_class, assignment, fields)
    store_assignment(ctx, assignment)
    _record(ctx, "assignments.change", assignment, _values(assignment))
    return assignment


def delete_assignment(ctx: Context, class_number: int, number: int) -> None:
    """Delete an assignment without points given by hand; answers stay, since they belong to the study."""
    graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    if ctx.uow.items(*keys.points_in_assignment(class_number, number)):
        raise InvalidState(
            "People have given points or comments in this assignment. Remove them first.",
            code="assignment_has_points",
        )
    for item in ctx.uow.items(keys.class_work(class_number), keys.CLASS_EXCEPTIONS):
        if item["assignment"] == number:
            ctx.uow.delete_item((str(item["pk"]), str(item["sk"])), expect=item["v"])
    key = keys.class_assignment(class_number, number)
    stored = ctx.uow.item(key)
    ctx.uow.delete_item(key, expect=None if stored is None else stored["v"])
    _record(ctx, "assignments.delete", assignment, {})


def release_grades(ctx: Context, class_number: int, number: int, *, is_released: bool) -> ClassAssignment:
    """Show the members their grades for an assignment, or hide them again. Idempotent."""
    graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    if (assignment.released_at is not None) != is_released:
        assignment.released_at = iso(ctx.now) if is_released else None
        store_assignment(ctx, assignment)
        _record(ctx, "assignments.release", assignment, {"released": is_released})
    return assignment


def except_member(
    ctx: Context,
    class_number: int,
    number: int,
    seat: str,
    *,
    due: str = "",
    visible_from: str = "",
    factor: str = "",
    reason: str = "",
) -> DeadlineException | None:
    """Give one member another due date, more minutes or an earlier start; without any, as for all others.

    Return the exception; None when there is none any more.
    """
    study_class = graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    member = active_member(ctx, class_number, seat)
    key = keys.deadline_exception(class_number, number, member.seat)
    stored = ctx.uow.item(key)
    exception = DeadlineException(
        class_number,
        number,
        member.seat,
        local_moment(due, study_class.zone, "The due date"),
        local_moment(visible_from, study_class.zone, "The first day"),
        _factor(factor),
        reason.strip()[:MAX_REASON],
        str(iso(ctx.now)),
        require_actor(ctx).id,
    )
    is_none = exception.due is None and exception.visible_from is None and exception.factor == "1"
    if not is_none:
        ctx.uow.put_if_unchanged(key, exception.kind, exception.to_fields())
    elif stored is not None:
        ctx.uow.delete_item(key, expect=stored["v"])
    values = {"seat": seat, "due": exception.due, "visible_from": exception.visible_from}
    _record(ctx, "assignments.except", assignment, {**values, "factor": exception.factor})
    return None if is_none else exception


def set_total_rule(ctx: Context, class_number: int, total: str) -> None:
    """Say how the gradebook adds up: the sum of points, or the mean of percentages by weight."""
    graded_class(ctx, class_number)
    if total not in TOTALS:
        raise InvalidState(f"The total is one of {', '.join(TOTALS)}.", code="invalid_total")
    settings = settings_of(ctx, class_number)
    settings.total = total
    store_settings(ctx, settings)
    record_change(
        ctx, "gradebooks.change", records=[("gradebooks", str(class_number))], fields={"total": total}
    )


def assignment_id(assignment: ClassAssignment) -> str:
    """Return the id of an assignment in addresses: `3-2` is the second assignment of class 3."""
    return f"{assignment.class_number}-{assignment.number}"


def _record(ctx: Context, operation: str, assignment: ClassAssignment, fields: Mapping[str, Any]) -> None:
    record_change(ctx, operation, records=[("assignments", assignment_id(assignment))], fields=fields)


def _values(assignment: ClassAssignment) -> dict[str, Any]:
    left_out = ("class_number", "number", "created_at", "created_by", "released_at")
    return {name: value for name, value in assignment.to_fields().items() if name not in left_out}


def _fill(
    ctx: Context, study_class: StudyClass, assignment: ClassAssignment, fields: AssignmentFields
) -> None:
    """Take over checked fields; InvalidState says what isn't valid."""
    name = " ".join(fields.name.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidState(f"Give the assignment a name of at most {MAX_NAME} characters.", code="no_name")
    for value, choices, what in (
        (fields.counts, COUNTS, "The attempt that counts"),
        (fields.grading, GRADINGS_OF_ASSIGNMENTS, "The grading"),
    ):
        if value not in choices:
            raise InvalidState(f"{what} is one of {', '.join(choices)}.", code="invalid_choice")
    if fields.minutes is not None and not 0 < fields.minutes <= MAX_MINUTES:
        raise InvalidState(f"The time is from 1 to {MAX_MINUTES:,} minutes.", code="invalid_minutes")
    if fields.threshold is not None and not 0 < fields.threshold <= _HUNDRED:
        raise InvalidState("The threshold is from 1 to 100 percent.", code="invalid_threshold")
    due = local_moment(fields.due, study_class.zone, "The due date")
    if fields.enforced and due is None:
        raise InvalidState("Without a due date, there is nothing to enforce.", code="no_due_date")
    assignment.name, assignment.parts = name, checked_parts(ctx, fields.parts)
    assignment.due, assignment.enforced = due, fields.enforced
    assignment.visible_from = local_moment(fields.visible_from, study_class.zone, "The first day")
    assignment.minutes = None if fields.minutes is None else float(fields.minutes)
    assignment.pause, assignment.feedback = fields.pause, fields.feedback
    assignment.threshold, assignment.counts = fields.threshold, fields.counts
    assignment.grading = fields.grading
    assignment.weight = shown(_number(fields.weight or "1", MAX_POINTS, "The weight"))


def checked_parts(ctx: Context, lines: Sequence[str]) -> list[list[str]]:
    """Return the parts of an assignment, each with its kind, its name and its points.

    InvalidState for a line that doesn't name an item or a page of the study, or names one twice.
    """
    study = study_of(ctx)
    refs = [ref for ref, _ in pages_of_study(study)]
    parts: list[list[str]] = []
    for line in filter(None, (one.strip() for one in lines)):
        kind, _, rest = line.partition(" ")
        name, _, points = rest.strip().rpartition(" ")
        if kind not in ENTRY_KINDS or not name:
            raise InvalidState(
                f"{line!r} isn't a part of an assignment. Write `item`, the name of an item and its points, "
                "or `page`, the name of a page and its points: item capital 10.",
                code="invalid_part",
            )
        is_known = name in study.items() if kind == ITEM else any(ref.is_called(name) for ref in refs)
        if not is_known:
            raise InvalidState(f"The study has no {kind} {name!r}.", code="unknown_part")
        if any(one[:2] == [kind, name] for one in parts):
            raise InvalidState(f"The {kind} {name!r} is listed twice.", code="repeated_part")
        parts.append([kind, name, shown(_number(points, MAX_POINTS, f"The points of {name!r}"))])
    if not parts:
        raise InvalidState("List at least one item or page.", code="no_parts")
    if len(parts) > MAX_PARTS:
        raise InvalidState(f"An assignment has {MAX_PARTS} parts at most.", code="too_many_parts")
    return parts


def local_moment(text: str, zone: tzinfo, what: str) -> str | None:
    """Return a local time of the class as a moment in UTC, as stored; None for an empty text.

    InvalidState for a text that isn't a time, and for one that the clocks skip.
    """
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidState(
            f"{what} must be a date and a time such as 2026-11-30 18:00.", code="no_time"
        ) from None
    if local.tzinfo is not None:
        return iso(local)
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        raise InvalidState(
            f"{what} doesn't exist: the clocks of the class skip it. Choose another time.", code="no_time"
        )
    return iso(moment)


def _factor(text: str) -> str:
    """Return the factor for minutes as stored: 1 for an empty text."""
    factor = _number(text or "1", MAX_FACTOR, "The factor for the time")
    if factor < 1:
        raise InvalidState("The factor for the time is 1 or more, such as 1.5.", code="invalid_number")
    return shown(factor)


def _number(text: str, most: Decimal, what: str) -> Decimal:
    """Return a number from 0 to `most`; InvalidState for any other text."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= most:
        raise InvalidState(f"{what} must be a number from 0 to {most:,}.", code="invalid_number")
    return number.quantize(Decimal("0.01"))
