"""Imports a list of people into a class, some rows in each commit; and returns the links of all members.

An import that was interrupted is sent again: people who are members already are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import Context
from chalicelib.study.classes.study_class import ClassMember, StudyClass

from .class_access import require_sight, taught_class
from .class_records import member_with, members_of
from .manage_members import link_of, require_members_change, take_in
from .member_identity import MemberIdentity, folded
from .roster_reading import read_roster

#: How many rows are looked at in a commit: each writes three items at most.
ROWS_PER_COMMIT: Final = 25


class RosterResult(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    RETURNED = "returned"
    ALREADY = "already"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class RosterRowResult:
    """A row of a list, and what becomes of it."""

    row: int = field(metadata={"help": "The row in the list; the heading is row 1."})
    name: str
    email: str
    student_number: str
    result: RosterResult
    problem: str


@dataclass(frozen=True, slots=True)
class RosterImport:
    """Some rows of a list, and where to go on."""

    rows: list[RosterRowResult]
    next: int | None = field(
        metadata={"help": "`first` of the next call; null when all rows are imported or previewed."}
    )


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A member with their entry link."""

    id: str
    name: str
    email: str
    student_number: str
    link: str


def preview_roster(ctx: Context, number: int, text: str) -> RosterImport:
    """Say what an import would do with each row of a list; nothing is changed."""
    study_class = _class_with_names(ctx, number)
    rows = []
    for one in read_roster(text):
        if one.identity is None:
            rows.append(_problem(one.row, one.problem))
        else:
            result, problem = _outlook(_known(ctx, study_class, one.identity))
            rows.append(_row(one.row, one.identity, result, problem))
    return RosterImport(rows, None)


def import_roster(ctx: Context, number: int, text: str, first: int = 0) -> RosterImport:
    """Import some rows of a list, from this index on; people who are members stay as they are."""
    study_class = _class_with_names(ctx, number)
    require_members_change(study_class)
    listed = read_roster(text)
    part = listed[first : first + ROWS_PER_COMMIT]
    rows = []
    for one in part:
        if one.identity is None:
            rows.append(_problem(one.row, one.problem))
            continue
        result, problem = _outlook(_known(ctx, study_class, one.identity))
        if result in (RosterResult.NEW, RosterResult.RETURNED):
            take_in(ctx, number, one.identity.name, one.identity.email, one.identity.student_number)
        rows.append(_row(one.row, one.identity, result, problem))
    added = sum(one.result in (RosterResult.NEW, RosterResult.RETURNED) for one in rows)
    record_change(ctx, "classes.import-roster", records=[("classes", str(number))], fields={"added": added})
    following = first + ROWS_PER_COMMIT
    return RosterImport(rows, following if following < len(listed) else None)


def links_of_members(ctx: Context, number: int) -> list[LinkRow]:
    """Return the members of a class with their entry links, by name."""
    _class_with_names(ctx, number)
    members = [one for one in members_of(ctx, number) if one.is_active]
    members.sort(key=lambda one: (folded(one.name), one.seat))
    record_change(ctx, "classes.links", records=[("classes", str(number))], fields={"links": len(members)})
    return [LinkRow(one.seat, one.name, one.email, one.student_number, link_of(ctx, one)) for one in members]


def _class_with_names(ctx: Context, number: int) -> StudyClass:
    """Return a class whose members the actor sees; Forbidden for an actor who doesn't see them."""
    study_class = taught_class(ctx, number)
    require_sight(ctx, study_class)
    return study_class


def _known(ctx: Context, study_class: StudyClass, identity: MemberIdentity) -> list[ClassMember]:
    """Return the members who have the address or the number of a row."""
    found = (member_with(ctx, study_class.number, claim) for claim in identity.claims)
    return list({one.seat: one for one in found if one is not None}.values())


def _outlook(known: list[ClassMember]) -> tuple[RosterResult, str]:
    if not known:
        return RosterResult.NEW, ""
    if len(known) > 1:
        problem = "The address is one member's, and the student number another's."
        return RosterResult.PROBLEM, problem
    return (RosterResult.ALREADY if known[0].is_active else RosterResult.RETURNED), ""


def _row(row: int, identity: MemberIdentity, result: RosterResult, problem: str) -> RosterRowResult:
    return RosterRowResult(row, identity.name, identity.email, identity.student_number, result, problem)


def _problem(row: int, problem: str) -> RosterRowResult:
    return RosterRowResult(row, "", "", "", RosterResult.PROBLEM, problem)
