"""The gradebook of a class as CSV and as a workbook, as `petri gradebook` writes it."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from chalicelib.export.classes.gradebook_files import csv_of, workbook_of_gradebook
from chalicelib.operations.assignments.question_grades import read_questions
from chalicelib.storage.engine import Engine
from tests.study.contract.players import Seat

from .classroom import Classroom, Course


@pytest.fixture
def room(sqlite: Engine, seat_players: Seat) -> Classroom:
    room = Classroom(seat_players(sqlite, Course, 0))
    room.assign("=Week 1", "item capital 10", "page half 4")
    room.enter("Lovelace, =Ada").post(capital="Paris")
    room.member("Bob")
    return room


def test_the_csv_has_three_heading_rows_and_marks_what_a_spreadsheet_would_run(room: Classroom) -> None:
    rows = list(csv.reader(io.StringIO(csv_of([room.operate(read_questions, room.number)]))))
    assert rows == [
        ["", "", "", "capital", "half"],
        ["", "", "", "What is the capital of France?", "What is half of ten?"],
        ["E-mail", "Last name", "First name", "10", "4"],
        ["", "Bob", "", "", ""],
        ["", "Lovelace", "'=Ada", "10", ""],
    ]


def test_the_workbook_has_totals_and_questions_as_numbers_and_texts(room: Classroom) -> None:
    book = workbook_of_gradebook([room.operate(read_questions, room.number)])
    totals, questions = load_workbook(io.BytesIO(book)).worksheets
    assert [[cell.value for cell in row] for row in totals.rows] == [
        ["E-mail", "Last name", "First name", "=Week 1", "Total", "of"],
        [None, None, "points possible", 14, None, None],
        [None, "Bob", None, None, None, None],
        [None, "Lovelace", "=Ada", 10, 10, 14],
    ]
    # What begins with "=" is a text, not a formula.
    assert totals["D1"].data_type == "s"
    assert [cell.value for cell in list(questions.rows)[-1]] == [None, "Lovelace", "=Ada", 10, None]
