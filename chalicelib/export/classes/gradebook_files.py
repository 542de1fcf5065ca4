"""Writes the gradebook of a class as CSV, or as a workbook with totals and questions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from chalicelib.export.csv_format import excel_safe
from chalicelib.export.formats.workbooks import workbook
from chalicelib.operations.assignments.question_grades import QuestionTable, heading_rows, member_row

Sheet = tuple[str, Sequence[str], Sequence[Sequence[Any]]]


def csv_of(pages: Iterable[QuestionTable]) -> str:
    """Return the table with three heading rows; texts that a spreadsheet would run are marked.

    `pages`: the pages of a class, from the first one on.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    for number, page in enumerate(pages):
        if number == 0:
            writer.writerows(map(excel_safe, row) for row in heading_rows(page))
        writer.writerows(map(excel_safe, member_row(row)) for row in page.rows)
    return written.getvalue()


def workbook_of_gradebook(pages: Iterable[QuestionTable]) -> bytes:
    """Return the workbook, as bytes to write into a file; a blank cell has no points.

    Raises DataError where the library for workbooks isn't installed.
    """
    return workbook(sheets_of_gradebook(list(pages)))


def sheets_of_gradebook(pages: Sequence[QuestionTable]) -> list[Sheet]:
    """Return a sheet of the members' totals, and one of their points for each question."""
    first = pages[0]
    titles, *more = heading_rows(first)
    rows = [row for page in pages for row in page.rows]
    possible = ["", "", "points possible", *(_number(one.possible) for one in first.assignments), None, None]
    heading = ["E-mail", "Last name", "First name", *(one.name for one in first.assignments)]
    totals = [
        [
            *(row.email, row.last_name, row.first_name),
            *map(_number, row.in_assignments),
            *(_number(row.total), _number(row.possible) if row.total is not None else None),
        ]
        for row in rows
    ]
    points = [[row.email, row.last_name, row.first_name, *map(_number, row.points)] for row in rows]
    return [
        ("totals", [*heading, "Total", "of"], [possible, *totals]),
        ("questions", titles, [*more, *points]),
    ]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
