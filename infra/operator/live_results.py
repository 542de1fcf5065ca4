"""Writes the result of a live session into a workbook: players, questions, and a sheet for each question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from chalicelib.export.formats.workbooks import workbook
from chalicelib.operations.live_sessions.results import LiveResult

#: Excel's limit for the name of a sheet.
_MOST_CHARACTERS: Final = 31
_FORBIDDEN: Final = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
Sheet = tuple[str, Sequence[str], Sequence[Sequence[Any]]]


def workbook_of(result: LiveResult) -> bytes:
    """Return the workbook, as bytes to write into a file; a blank cell is a question without an answer."""
    return workbook(sheets_of(result))


def sheets_of(result: LiveResult) -> list[Sheet]:
    """Return the sheets, each with its name, columns and rows."""
    given = {(one.seat, one.position): one for one in result.answers}
    names = {one.seat: one.name for one in result.players}
    field = result.custom_field or "custom"
    players = [[one.name, one.custom, one.score, one.right, one.answered] for one in result.players]
    questions = [
        [one.position + 1, one.page, "; ".join(one.prompts.values()), one.answered, one.percent_right]
        for one in result.questions
    ]
    sheets: list[Sheet] = [
        ("players", ["name", field, "points", "right", "answered"], players),
        ("questions", ["number", "page", "question", "answered", "percent_right"], questions),
    ]
    for question in result.questions:
        items = list(question.prompts)
        rows: list[list[Any]] = []
        for seat, name in names.items():
            answer = given.get((seat, question.position))
            values = [None if answer is None else answer.answers.get(item) for item in items]
            more = [None] * 3 if answer is None else [answer.share, answer.seconds, answer.score]
            rows.append([name, *map(_cell, values), *more])
        title = f"{question.position + 1} {question.page}".translate(_FORBIDDEN)[:_MOST_CHARACTERS]
        sheets.append((title, ["name", *items, "share_right", "seconds", "points"], rows))
    return sheets


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
