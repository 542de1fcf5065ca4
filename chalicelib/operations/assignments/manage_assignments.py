"""Sets, changes, releases and deletes assignments, and says how the gradebook adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.errors import InvalidField, InvalidState
from chalicelib.messages import ClearAssignment
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items
from chalicelib.study.assignments.assignment_records import TOTALS, ClassAssignment

from .assignment_fields import MAX_ASSIGNMENTS, AssignmentFields, fill_assignment
from .assignment_store import (
    assignments_of,
    count_points,
    graded_class,
    read_assignment,
    settings_of,
    store_assignment,
    store_settings,
)
from .score_messages import post_scores

#: The most assignments that are released in one commit, of which DynamoDB takes 100 items.
MAX_RELEASED: Final = 80
#: The most exceptions and points of a deleted assignment that are deleted in one commit.
MAX_CLEARED: Final = 80


def set_assignment(ctx: Context, class_number: int, fields: AssignmentFields) -> ClassAssignment:
    """Set a new assignment for a class; its grades aren't released yet.

    InvalidField says what isn't valid; InvalidState when the class has the most assignments.
    """
    study_class = graded_class(ctx, class_number)
    settings = settings_of(ctx, class_number)
    if settings.last >= MAX_ASSIGNMENTS:
        raise InvalidState(f"A class has {MAX_ASSIGNMENTS} assignments at most.", code="too_many_assignments")
    settings.last += 1
    assignment = ClassAssignment(class_number, settings.last, "")
    fill_assignment(ctx, study_class, assignment, fields)
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
    fill_assignment(ctx, study_class, assignment, fields)
    store_assignment(ctx, assignment)
    _record(ctx, "assignments.change", assignment, _values(assignment))
    return assignment


def delete_assignment(ctx: Context, class_number: int, number: int, points_given: int = 0) -> ClassAssignment:
    """Delete an assignment, its exceptions, and the points and comments that people have given in it.

    Answers stay, since they belong to the study.

    `points_given`: how many points and comments are deleted with it. InvalidState for any other number, so
    that nobody deletes grades that they don't know of.
    """
    graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    stored = count_points(ctx, class_number)[number]
    if stored != points_given:
        times = "once" if stored == 1 else f"{stored} times"
        raise InvalidState(
            f"People have given points or comments {times} in this assignment. To delete them with "
            f"it, confirm that number: points_given = {stored}.",
            code="assignment_has_points",
        )
    key = keys.class_assignment(class_number, number)
    item = ctx.uow.item(key)
    ctx.uow.delete_item(key, expect=None if item is None else item["v"])
    ctx.uow.post(ClearAssignment(class_number, number))
    _record(ctx, "assignments.delete", assignment, {"name": assignment.name, "points_given": stored})
    return assignment


def rest_of_assignment(ctx: Context, class_number: int, number: int) -> list[list[keys.Key]]:
    """Return the keys of the exceptions and points of a deleted assignment, as many as one commit deletes.

    Nothing of an assignment that isn't deleted.
    """
    if ctx.uow.item(keys.class_assignment(class_number, number)) is not None:
        return []
    found = [
        (str(item["pk"]), str(item["sk"]))
        for pk, prefix in (
            (keys.class_work(class_number), keys.CLASS_EXCEPTIONS),
            (keys.class_points(class_number), ""),
        )
        for item in all_items(ctx, pk, prefix, ("assignment",))
        if item["assignment"] == number
    ]
    return [found[begin : begin + MAX_CLEARED] for begin in range(0, len(found), MAX_CLEARED)]


def clear_assignment(ctx: Context, some: Sequence[keys.Key]) -> None:
    """Delete some of what `rest_of_assignment` has returned. Idempotent."""
    for key in some:
        ctx.uow.delete_item(key)


def release_grades(ctx: Context, class_number: int, number: int, *, is_released: bool) -> ClassAssignment:
    """Show the members their grades for an assignment, or hide them again. Idempotent."""
    graded_class(ctx, class_number)
    assignment = read_assignment(ctx, class_number, number)
    if (assignment.released_at is not None) != is_released:
        assignment.released_at = iso(ctx.now) if is_released else None
        store_assignment(ctx, assignment)
        _record(ctx, "assignments.release", assignment, {"released": is_released})
        post_scores(ctx, class_number)
    return assignment


def release_all_grades(ctx: Context, class_number: int, *, is_released: bool) -> int:
    """Show the members their grades for all assignments, or hide them; return how many are left to do.

    One call changes 80 assignments at most.
    """
    graded_class(ctx, class_number)
    waiting = [
        one for one in assignments_of(ctx, class_number) if (one.released_at is not None) != is_released
    ]
    changed = waiting[:MAX_RELEASED]
    for one in changed:
        one.released_at = iso(ctx.now) if is_released else None
        store_assignment(ctx, one)
    if changed:
        record_change(
            ctx,
            "gradebooks.release",
            records=[("assignments", assignment_id(one)) for one in changed],
            fields={"released": is_released},
        )
        post_scores(ctx, class_number)
    return len(waiting) - len(changed)


def set_total_rule(ctx: Context, class_number: int, total: str) -> None:
    """Say how the gradebook adds up: the sum of points, or the mean of percentages by weight."""
    graded_class(ctx, class_number)
    if total not in TOTALS:
        raise InvalidField("total", f"must be one of {', '.join(TOTALS)}")
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
