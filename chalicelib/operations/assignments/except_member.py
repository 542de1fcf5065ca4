"""Gives one member of a class other terms: a later due date, an earlier first day, more time."""

from __future__ import annotations

from chalicelib.errors import InvalidField
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.classes.manage_members import member_records
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.study.assignments.assignment_records import DeadlineException

from .assignment_fields import MAX_REASON, checked_factor, local_moment
from .assignment_store import active_member, graded_class, read_assignment
from .manage_assignments import assignment_id


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
    if len(reason.strip()) > MAX_REASON:
        raise InvalidField("reason", f"must have at most {MAX_REASON} characters")
    exception = DeadlineException(
        class_number,
        number,
        member.seat,
        local_moment(due, study_class.zone, "due"),
        local_moment(visible_from, study_class.zone, "visible_from"),
        checked_factor(factor),
        reason.strip(),
        str(iso(ctx.now)),
        require_actor(ctx).id,
    )
    is_none = exception.due is None and exception.visible_from is None and exception.factor == "1"
    if not is_none:
        ctx.uow.put_if_unchanged(key, exception.kind, exception.to_fields())
    elif stored is not None:
        ctx.uow.delete_item(key, expect=stored["v"])
    record_change(
        ctx,
        "assignments.except",
        # A hash stands for the member: values of the audit log can't be erased with them.
        records=[("assignments", assignment_id(assignment)), *member_records(ctx, member)],
        fields={
            "due": exception.due,
            "visible_from": exception.visible_from,
            "factor": exception.factor,
        },
    )
    return None if is_none else exception
