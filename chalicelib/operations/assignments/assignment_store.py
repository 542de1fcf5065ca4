"""Reads and writes the records of assignments, exceptions, and points given in the gradebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.classes.class_records import members_of, read_class, read_member
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items
from chalicelib.serializable import copy_json
from chalicelib.study.assignments.assignment_records import (
    ClassAssignment,
    DeadlineException,
    GivenPoints,
    GradebookSettings,
)
from chalicelib.study.classes.study_class import ClassMember, StudyClass

#: The most members whose points and exceptions are read one by one, where the class has several calls' worth.
_ONE_BY_ONE: Final = 100
_PER_CALL: Final = 1000


def graded_class(ctx: Context, number: int) -> StudyClass:
    """Return a class that the actor grades: they see it, and have the right Grade."""
    actor = require_right(ctx, Right.GRADE)
    study_class = read_class(ctx, number)
    if actor.may(Right.MANAGE_LAB) or actor.username in study_class.instructors:
        return study_class
    raise NotFound(f"There is no class {number}.", code="class_not_found")


def read_assignment(ctx: Context, class_number: int, number: int) -> ClassAssignment:
    """Return an assignment of a class; NotFound when there is none of this number."""
    item = ctx.uow.item(keys.class_assignment(class_number, number))
    if item is None:
        raise NotFound(f"Class {class_number} has no assignment {number}.", code="class_assignment_not_found")
    return ClassAssignment.from_item(copy_json(dict(item)))


def assignments_of(ctx: Context, class_number: int) -> list[ClassAssignment]:
    """Return the assignments of a class, in the order in which they were set."""
    stored = all_items(ctx, keys.class_work(class_number), keys.CLASS_TASKS)
    return [ClassAssignment.from_item(item) for item in stored]


def exceptions_of(
    ctx: Context, class_number: int, seats: Sequence[str]
) -> dict[tuple[int, str], DeadlineException]:
    """Return the exceptions of some members of a class, by assignment and seat."""
    stored = _items_of_seats(
        ctx,
        (keys.class_work(class_number), keys.CLASS_EXCEPTIONS),
        seats,
        lambda seat: keys.exceptions_of_seat(class_number, seat),
    )
    found = map(DeadlineException.from_item, stored)
    return {(one.assignment, one.seat): one for one in found}


def points_given(
    ctx: Context, class_number: int, seats: Sequence[str]
) -> Mapping[tuple[int, str], Mapping[str, GivenPoints]]:
    """Return the points that people have given to some members, by assignment and seat, then by entry."""
    found: dict[tuple[int, str], dict[str, GivenPoints]] = {}
    stored = _items_of_seats(
        ctx,
        (keys.class_points(class_number), ""),
        seats,
        lambda seat: keys.points_of_seat(class_number, seat),
    )
    for item in stored:
        one = GivenPoints.from_item(item)
        found.setdefault((one.assignment, one.seat), {})[one.entry] = one
    return found


def _items_of_seats(
    ctx: Context, every: tuple[str, str], seats: Sequence[str], of_seat: Callable[[str], tuple[str, str]]
) -> Iterator[Mapping[str, object]]:
    """Read what is stored about some members: of a large class one by one, else with that of all others.

    Args:
        ctx: The context.
        every: The partition and the prefix of what is stored about the whole class.
        seats: The seats of the members.
        of_seat: Returns the partition and the prefix of one member.

    """
    pk, prefix = every
    first = ctx.uow.page(pk, prefix=prefix, limit=_PER_CALL) if len(seats) > 1 else None
    if first is not None and first.after is None:
        yield from first.items
    elif len(seats) <= _ONE_BY_ONE:
        for seat in seats:
            yield from all_items(ctx, *of_seat(seat))
    else:
        yield from all_items(ctx, pk, prefix)


def count_points(ctx: Context, class_number: int) -> Counter[int]:
    """Return how many points and comments people have given in each assignment of a class, by its number."""
    stored = all_items(ctx, keys.class_points(class_number), "", ("assignment",))
    return Counter(int(str(item["assignment"])) for item in stored)


def count_exceptions(ctx: Context, class_number: int) -> Counter[int]:
    """Return how many members have an exception in each assignment of a class, by its number."""
    stored = all_items(ctx, keys.class_work(class_number), keys.CLASS_EXCEPTIONS, ("assignment",))
    return Counter(int(str(item["assignment"])) for item in stored)


def settings_of(ctx: Context, class_number: int) -> GradebookSettings:
    """Return how the gradebook of a class computes its totals."""
    item = ctx.uow.item(keys.gradebook(class_number))
    return (
        GradebookSettings(class_number)
        if item is None
        else GradebookSettings.from_item(copy_json(dict(item)))
    )


def active_members(ctx: Context, class_number: int) -> list[ClassMember]:
    """Return the members of a class who haven't left it, by name."""
    members = [one for one in members_of(ctx, class_number) if one.is_active]
    return sorted(members, key=lambda one: (last_and_first(one.name)[0].casefold(), one.name, one.seat))


def active_member(ctx: Context, class_number: int, seat: str) -> ClassMember:
    """Return a member of a class; NotFound for a person who isn't a member, or not any more."""
    member = read_member(ctx, class_number, seat)
    if not member.is_active:
        raise NotFound(f"Class {class_number} has no member {seat}.", code="class_member_not_found")
    return member


def last_and_first(name: str) -> tuple[str, str]:
    """Return the last and the first name of a person: of `Lovelace, Ada` as of `Ada Lovelace`."""
    last, comma, first = name.partition(",")
    if comma:
        return last.strip(), first.strip()
    first, _, last = name.strip().rpartition(" ")
    return last, first


def store_settings(ctx: Context, settings: GradebookSettings) -> None:
    """Write the settings of a gradebook, if they are stored as they were read."""
    ctx.uow.put_if_unchanged(keys.gradebook(settings.class_number), settings.kind, settings.to_fields())


def store_assignment(ctx: Context, assignment: ClassAssignment) -> None:
    """Write an assignment, if it is stored as it was read."""
    key = keys.class_assignment(assignment.class_number, assignment.number)
    ctx.uow.put_if_unchanged(key, assignment.kind, assignment.to_fields())
