"""Says which actors see and change a class and its members: instructors, and people who manage the lab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.access.rules import Mode
from chalicelib.errors import Forbidden, NotFound
from chalicelib.operations.shared.access import require_actor, require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import is_accessible_by
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.classes.study_class import ClassMember, StudyClass

from .class_records import read_class, read_member


def taught_class(ctx: Context, number: int, mode: Mode = Mode.UPDATE) -> StudyClass:
    """Return a class that the actor may read or change; NotFound for one that they don't see.

    Unauthorized or Forbidden before anything is read, for callers without the right Grade.
    """
    require_right(ctx, Right.GRADE)
    study_class = read_class(ctx, number)
    if not is_taught(ctx, study_class, mode):
        raise NotFound(f"There is no class {number}.", code="class_not_found")
    return study_class


def taught_member(ctx: Context, seat: str) -> tuple[StudyClass, ClassMember]:
    """Return a member whom the actor may change, with their class; NotFound otherwise."""
    require_right(ctx, Right.GRADE)
    number = class_of_seat(seat)
    if number is None:
        raise NotFound(f"There is no member {seat[:80]!r}.", code="class_member_not_found")
    try:
        study_class = taught_class(ctx, number)
    except NotFound:
        # Neither says whether the class exists.
        raise NotFound(f"There is no member {seat[:80]!r}.", code="class_member_not_found") from None
    return study_class, read_member(ctx, number, seat)


def is_taught(ctx: Context, study_class: StudyClass, mode: Mode = Mode.READ) -> bool:
    """Whether the actor may read or change a class."""
    return is_accessible_by(ctx, "class", _row(study_class), require_actor(ctx), mode)


def sees_members(ctx: Context, study_class: StudyClass) -> bool:
    """Whether the actor sees names, addresses and student numbers of the members of a class.

    Instructors see those of their own classes; other people need the right View personal data.
    """
    actor = require_actor(ctx)
    return actor.may(Right.VIEW_PERSONAL_DATA) or actor.username in study_class.instructors


def require_sight(ctx: Context, study_class: StudyClass) -> None:
    """Refuse an actor who may not see who the members of a class are."""
    if not sees_members(ctx, study_class):
        raise Forbidden(
            "Instructors of this class, and people with the right View personal data, may do this.",
            code="right_missing",
        )


def _row(study_class: StudyClass) -> Mapping[str, Any]:
    return study_class.to_fields()
