"""Grades that people give, over every engine: none is lost when several are given at once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.operations.study.grading.grade_response import GivenGrade, grade_response
from chalicelib.storage.engine import Engine
from petri.study import End, Form, Study, text
from tests.contract.factories import at_once
from tests.study.contract.players import Seat, Table

GRADERS = 6


class Essay(Study):
    """An essay that people grade."""

    essay = text("Why?", points=10, grading="manual")
    timeline = (Form("write", ask="essay"), End())


def graded(table: Table, points: int, grader: str) -> bool:
    grade = GivenGrade(table.players[0].id, "essay", points=Decimal(points), grader=grader)
    return bool(table.app.run(grade_response, grade, caller=OPERATOR_CALLER))


def test_grades_at_once_are_all_kept_and_the_last_one_counts(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Essay, 1)
    table.players[0].get()
    table.players[0].post(essay="Because.")
    results = at_once([partial(graded, table, number, f"g{number}") for number in range(1, GRADERS + 1)])
    assert results == [True] * GRADERS
    grades = sorted(table.items("grade"), key=lambda item: item["number"])
    assert [item["number"] for item in grades] == list(range(GRADERS))
    assert table.points() == [Decimal(grades[-1]["answers"][0]["points"])]
    assert sorted(item["answers"][0]["graded_by"] for item in grades) == [
        f"g{n}" for n in range(1, GRADERS + 1)
    ]
