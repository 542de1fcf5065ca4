"""Writes the gradebook of a class as CSV, or as a workbook with totals and questions."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from chalicelib.export.csv_format import excel_safe
from chalicelib.operations.assignments.gradebook import Gradebook
from chalicelib.operations.assignments.question_grades import QuestionTable, heading_rows, member_row
from petri.data_formats import workbook

Sheet = tuple[str, Sequence[str], Sequence[Sequence[Any]]]


def csv_of(questions: QuestionTable) -> str:
    """Return the table with three heading rows; texts that a spreadsheet would run are marked."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows(map(excel_safe, row) for row in heading_rows(questions))
    writer.writerows(map(excel_safe, member_row(row)) for row in questions.rows)
    return written.getvalue()


def workbook_of_gradebook(grades: Gradebook, questions: QuestionTable) -> bytes:
    """Return the workbook, as bytes to write into a file; a blank cell has no points."""
    return workbook(sheets_of_gradebook(grades, questions))


def sheets_of_gradebook(grades: Gradebook, questions: QuestionTable) -> list[Sheet]:
    """Return a sheet of the members' totals, and one of their points for each question."""
    first, *more = heading_rows(questions)
    possible = ["", "points possible", *(_number(column.possible) for column in grades.columns), None]
    titles = ["E-mail", "Name", *(column.name for column in grades.columns), "Total"]
    totals = [
        [row.email, row.name, *(_number(cell.points) for cell in row.cells), _number(row.total)]
        for row in grades.rows
    ]
    points = [[row.email, row.last_name, row.first_name, *map(_number, row.points)] for row in questions.rows]
    return [
        ("totals", titles, [possible, *totals]),
        ("questions", first, [*more, *points]),
    ]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
