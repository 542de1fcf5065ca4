"""A class of 500 members with 40 questions: the grid, the table, the workbook and the figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import islice
from statistics import median
from typing import Any

import pytest
from openpyxl import load_workbook

from bench.gradebook.large_class import (
    LargeClass,
    item_name,
    items_of_class,
    page_name,
    seat_of,
    write_large_class,
)
from chalicelib.export.classes.gradebook_files import csv_of, workbook_of_gradebook
from chalicelib.operations.assignments.assignment_fields import AssignmentFields
from chalicelib.operations.assignments.gradebook import read_figures, read_gradebook
from chalicelib.operations.assignments.manage_assignments import set_assignment
from chalicelib.operations.assignments.question_grades import read_questions
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.dynamodb.item_models import to_wire
from chalicelib.storage.engine import Engine
from infra.simulate.counting_engine import CountingEngine
from petri.study import End, Form, Study, number
from tests.study.contract.players import Seat, Table

from .classroom import Classroom

pytestmark = pytest.mark.slow

SIZE = LargeClass()
POINTS = 5
SHOWN = 50
#: How many items DynamoDB writes in one call outside of transactions.
BATCH = 25


def questions_of(page: int) -> list[str]:
    return [item_name(SIZE.items * (page - 1) + item) for item in range(1, SIZE.items + 1)]


def course() -> type[Study]:
    items = {item_name(one): number(f"Number {one}?", right=one) for one in range(1, SIZE.questions + 1)}
    pages = [Form(page_name(page), ask=questions_of(page)) for page in range(1, SIZE.pages + 1)]
    return type("Course", (Study,), {**items, "timeline": [*pages, End()]})


def write(engine: Engine) -> None:
    """Write the class; into DynamoDB in batches, since its stand-in copies all tables for a transaction."""
    if not isinstance(engine, DynamoDBEngine):
        write_large_class(engine, 1, SIZE, 1)
        return
    remaining = items_of_class(1, SIZE, 1)
    while some := list(islice(remaining, BATCH)):
        puts = [{"PutRequest": {"Item": to_wire(item)}} for item in some]
        engine.client.batch_write_item(RequestItems={engine.table_name: puts})


class Large:
    """The class, and what its gradebook has to contain, computed another way."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.room = Classroom(table)
        for page in range(1, SIZE.pages + 1):
            # Every second assignment has the page itself as its part.
            by_item = [f"item {name} {POINTS}" for name in questions_of(page)]
            parts = by_item if page % 2 else [f"page {page_name(page)} {POINTS * SIZE.items}"]
            self.run(set_assignment, 1, AssignmentFields(name=f"Week {page}", parts=parts))
        write(table.engine)

    def run(self, operation: Callable[..., Any], *args: Any) -> Any:
        return self.table.app.run(operation, *args, caller=OPERATOR_CALLER)

    def points(self, member: int, question: int) -> int | None:
        page = (question - 1) // SIZE.items + 1
        if question == 1 and SIZE.has_given_points(member):
            return 0
        if SIZE.is_answered(member, question):
            return POINTS if SIZE.is_right(member, question) else 0
        # A question that is left empty is blank; on a page that is graded as a whole, it is wrong.
        return None if page % 2 else 0

    def row(self, member: int) -> list[str]:
        points = [self.points(member, question) for question in range(1, SIZE.questions + 1)]
        names = [f"member{member}@example.org", f"Person{member % 50:02}", f"Member {member:03}"]
        return [*names, *("" if one is None else str(one) for one in points)]

    def total(self, member: int) -> int:
        return sum(self.points(member, question) or 0 for question in range(1, SIZE.questions + 1))


IN_ORDER = sorted(range(1, SIZE.members + 1), key=lambda one: (one % 50, one))


def test_table_workbook_grid_and_figures_have_every_point_of_500_members_and_40_questions(
    sqlite: Engine, seat_players: Seat
) -> None:
    large = Large(seat_players(sqlite, course(), 0))
    table = large.run(read_questions, 1)
    rows = list(csv.reader(io.StringIO(csv_of([table]))))
    assert rows[2] == ["E-mail", "Last name", "First name", *["5"] * SIZE.questions]
    assert rows[1][3:] == [f"Number {one}?" for one in range(1, SIZE.questions + 1)]
    assert rows[0][3:8] == ["p01", "", "", "", "p02"]
    assert rows[3:] == [large.row(member) for member in IN_ORDER]
    book = load_workbook(io.BytesIO(workbook_of_gradebook([table])))
    totals, questions = book.worksheets
    written = [
        ["" if cell is None else str(cell) for cell in row]
        for row in questions.iter_rows(min_row=4, values_only=True)
    ]
    assert written == rows[3:]
    expected = [large.total(member) for member in IN_ORDER]
    assert [row[-2] for row in totals.iter_rows(min_row=3, values_only=True)] == expected
    check_grid(large, range(0, SIZE.members, SHOWN))
    figures = large.run(read_figures, 1)
    assert (figures.members, figures.graded) == (SIZE.members, SIZE.members)
    assert figures.mean == (Decimal(sum(expected)) / SIZE.members).quantize(Decimal("0.0001"))
    assert figures.median == median(expected)


def test_the_first_and_the_last_page_of_500_members_are_right_on_dynamodb(
    dynamodb: DynamoDBEngine, seat_players: Seat
) -> None:
    # Its stand-in sorts the whole table for each query, so two pages are read and not all ten.
    large = Large(seat_players(dynamodb, course(), 0))
    check_grid(large, (0, SIZE.members - SHOWN))
    table = large.run(read_questions, 1, SIZE.members - SHOWN, SHOWN)
    rows = list(csv.reader(io.StringIO(csv_of([table]))))
    assert (table.next, rows[3:]) == (None, [large.row(member) for member in IN_ORDER[-SHOWN:]])


def check_grid(large: Large, starts: Iterable[int]) -> None:
    """Check that pages of the grid have their members with their totals, and continue where they say."""
    for start in starts:
        page = large.run(read_gradebook, 1, start, SHOWN)
        members = IN_ORDER[start : start + SHOWN]
        assert [row.seat for row in page.rows] == [seat_of(1, member) for member in members]
        assert [row.total for row in page.rows] == [large.total(member) for member in members]
        end = start + SHOWN
        assert page.next == (str(end) if end < SIZE.members else None)


def test_a_page_of_the_grid_reads_each_of_its_members_and_little_else(
    sqlite: Engine, seat_players: Seat
) -> None:
    counting = CountingEngine(sqlite)
    large = Large(seat_players(counting, course(), 0))

    def calls(operation: Callable[..., Any], *args: Any) -> tuple[int, int]:
        counting.take_counts()
        large.run(operation, *args)
        counts = counting.take_counts()
        return counts["calls"], counts["read_units"]

    page, everything = calls(read_gradebook, 1, 0, 50), calls(read_gradebook, 1)
    # Class, assignments, settings, members, points and exceptions; then the answers of each member.
    assert page[0] <= 50 + 10
    assert everything[0] <= SIZE.members + 10
    # What is read about all members is their names alone.
    assert page[1] * 5 < everything[1]
