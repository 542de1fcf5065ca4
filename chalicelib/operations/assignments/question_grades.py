"""Computes the points of each question of a class's assignments, for the gradebook as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.operations.classes.class_access import sees_members
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assignments.assignment_records import PAGE, AssignmentEntry, ClassAssignment
from chalicelib.study.assignments.grade_computation import shown, total_of
from chalicelib.study.assignments.member_work import pages_of_study
from chalicelib.study.assignments.question_points import points_of_questions

from .assignment_store import active_members, assignments_of, graded_class, last_and_first, settings_of
from .assignment_views import label_of_item
from .gradebook import HIDDEN, GradebookColumn, GradedMember, column_of, graded_members
from .manage_assignments import assignment_id

_DECIMAL: Final[dict[str, Any]] = {"any_decimal": True}


@dataclass(frozen=True, slots=True)
class QuestionColumn:
    """A question of an assignment; a page that asks nothing has one column, too."""

    assignment: str
    part: str = field(metadata={"help": "The part of the assignment to which it belongs: `page:intro`."})
    item: str = field(metadata={"help": "The item; empty for a page that asks nothing."})
    page: str = field(metadata={"help": "The path of its page."})
    label: str
    possible: Decimal = field(metadata=_DECIMAL)


@dataclass(frozen=True, slots=True)
class QuestionPoints:
    """A member with their points for each question."""

    seat: str
    email: str | None = field(metadata={"help": HIDDEN})
    last_name: str | None = field(metadata={"help": HIDDEN})
    first_name: str | None = field(metadata={"help": HIDDEN})
    points: list[Decimal | None] = field(
        metadata={**_DECIMAL, "help": "In the order of the columns; null is blank, which isn't zero."}
    )
    in_assignments: list[Decimal | None] = field(
        metadata={**_DECIMAL, "help": "The points for each assignment, with totals that are given by hand."}
    )
    total: Decimal | None = field(metadata=_DECIMAL)
    possible: Decimal = field(metadata={**_DECIMAL, "help": "How much the total could be."})


@dataclass(frozen=True, slots=True)
class QuestionTable:
    """Some members of a class, by name, with their points for each question."""

    class_id: int
    columns: list[QuestionColumn]
    assignments: list[GradebookColumn]
    rows: list[QuestionPoints]
    next: str | None = field(metadata={"help": "`after` of the next page; null on the last one."})


@dataclass(frozen=True, slots=True)
class _Pages:
    """The pages of the study: the items of each, by its name and path, and where each item is asked first."""

    paths: Mapping[str, str]
    items: Mapping[str, Sequence[str]]
    of_item: Mapping[str, str]


def read_questions(
    ctx: Context, class_number: int, start: int = 0, limit: int | None = None
) -> QuestionTable:
    """Return the points of a class's members for each question of its assignments.

    A page that is a part of an assignment has a column for each of its items, weighed by their points.
    """
    is_named = sees_members(ctx, graded_class(ctx, class_number))
    assignments = assignments_of(ctx, class_number)
    pages = _pages(ctx)
    columns = [
        column for one in assignments for entry in one.entries for column in _columns(ctx, one, entry, pages)
    ]
    members = active_members(ctx, class_number)
    end = len(members) if limit is None else start + limit
    graded = graded_members(ctx, class_number, assignments, members[start:end])
    weights = _weights_by_part(ctx, columns)
    total = settings_of(ctx, class_number).total
    rows = [_row(one, columns, weights, total, is_named=is_named) for one in graded]
    heads = [column_of(one) for one in assignments]
    return QuestionTable(class_number, columns, heads, rows, str(end) if end < len(members) else None)


def heading_rows(table: QuestionTable) -> list[list[str]]:
    """Return the three heading rows: pages, labels, and the points that are possible.

    A page is named over the first of its questions that stand beside one another.
    """
    pages = [
        ""
        if before is not None and (before.assignment, before.page) == (one.assignment, one.page)
        else one.page
        for before, one in zip([None, *table.columns], table.columns, strict=False)
    ]
    return [
        ["", "", "", *pages],
        ["", "", "", *(one.label for one in table.columns)],
        ["E-mail", "Last name", "First name", *(shown(one.possible) for one in table.columns)],
    ]


def member_row(row: QuestionPoints) -> list[str]:
    """Return the row of a member; a question without points stays empty."""
    points = ["" if one is None else shown(one) for one in row.points]
    return [row.email or "", row.last_name or "", row.first_name or "", *points]


def _pages(ctx: Context) -> _Pages:
    paths: dict[str, str] = {}
    items: dict[str, Sequence[str]] = {}
    of_item: dict[str, str] = {}
    for ref, asked in pages_of_study(study_of(ctx)):
        for name in ref.names:
            paths.setdefault(name, ref.path)
            items.setdefault(name, asked)
        for name in asked:
            of_item.setdefault(name, ref.path)
    return _Pages(paths, items, of_item)


def _columns(
    ctx: Context, assignment: ClassAssignment, entry: AssignmentEntry, pages: _Pages
) -> Iterator[QuestionColumn]:
    id_ = assignment_id(assignment)
    asked, path = [entry.name], pages.of_item.get(entry.name, "")
    if entry.kind == PAGE:
        asked, path = list(pages.items.get(entry.name, ())), pages.paths.get(entry.name, entry.name)
    if not asked:
        yield QuestionColumn(id_, entry.key, "", path, entry.name, entry.points)
        return
    weights = _weights(ctx, asked)
    whole = sum(weights.values(), Decimal(0))
    for name in asked:
        label = label_of_item(ctx, name) or name
        share = weights[name] / whole if whole else Decimal(0)
        yield QuestionColumn(id_, entry.key, name, path, label, entry.points * share)


def _weights(ctx: Context, names: Sequence[str]) -> dict[str, Decimal]:
    """Return how much each item of a page counts: its points; the only item of a part counts alone."""
    items = study_of(ctx).items()
    if len(names) == 1:
        return {names[0]: Decimal(1)}
    return {name: Decimal(items[name].points) if name in items else Decimal(1) for name in names}


def _weights_by_part(
    ctx: Context, columns: Sequence[QuestionColumn]
) -> dict[tuple[str, str], dict[str, Decimal]]:
    asked: dict[tuple[str, str], list[str]] = {}
    for one in columns:
        if one.item:
            asked.setdefault((one.assignment, one.part), []).append(one.item)
    return {part: _weights(ctx, names) for part, names in asked.items()}


def _row(
    one: GradedMember,
    columns: Sequence[QuestionColumn],
    weights: Mapping[tuple[str, str], Mapping[str, Decimal]],
    total: str,
    *,
    is_named: bool,
) -> QuestionPoints:
    found: dict[tuple[str, str, str], Decimal | None] = {}
    for assignment, grade in one.grades:
        id_, terms = assignment_id(assignment), one.terms[assignment.number]
        attempts = one.attempts[assignment.number]
        for entry in grade.entries:
            key = entry.entry.key
            own = weights.get((id_, key), {})
            points = points_of_questions(entry, attempts.get(key, ()), terms, assignment.counts, own)
            found |= {(id_, key, name): value for name, value in points.items()}
    email, last, first = None, None, None
    if is_named:
        email, (last, first) = one.member.email, last_and_first(one.member.name)
    in_order = [found.get((column.assignment, column.part, column.item)) for column in columns]
    whole, possible = total_of(one.grades, total)
    in_assignments = [grade.points for _, grade in one.grades]
    return QuestionPoints(one.member.seat, email, last, first, in_order, in_assignments, whole, possible)
