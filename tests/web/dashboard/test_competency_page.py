"""Competencies: what tags of items name, with the attempts of participants, on a page and over the API."""

from __future__ import annotations

import pytest

from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.operations.listings.summaries.competencies import CompetencyResult
from chalicelib.operations.shared.context import OPERATOR_ACTOR
from petri.study import End, Form, Rounds, Study, choice, number
from tests.study.studies import OpenStudy, answer, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import World

__all__ = ["open_study"]


class Exam(Study):
    """Two attempts at an item of two competencies, one at another, and one that nothing is said about."""

    half = number("Half of 10?", right=5, tags={"competency": ["fractions", "decimals"], "difficulty": 1})
    tenths = number("Tenths of 0.4?", right=4, tags={"competency": "decimals", "difficulty": 3})
    colour = choice("A colour?", ["<red>", "blue"], tags={"competency": "taste"})
    free = number("Any number?", right=1)
    timeline = (
        Rounds(2, [Form("first", ask="half")]),
        Form("second", ask=["tenths", "free", "colour"]),
        End(),
    )


@pytest.fixture
def here(open_study: OpenStudy) -> World:
    world = open_study(Exam)
    for half, tenths in ((5, 4), (2, 4), (3, 1)):
        person = world.arrive()
        answer(person, half=half)
        answer(person, half=5)
        answer(person, tenths=tenths, free=1, colour="blue")
    return world


def results() -> list[CompetencyResult]:
    found: list[CompetencyResult] = run_operation(OPERATOR_ACTOR, "", "results.competencies").competencies
    return found


def test_each_competency_has_the_first_attempts_and_the_difficulty_of_its_items(here: World) -> None:
    del here
    decimals, fractions, taste = results()
    assert (decimals.competency, decimals.items, decimals.secondary) == ("decimals", ["tenths"], ["half"])
    assert (decimals.participants, decimals.difficulty, decimals.percent_right_at_first) == (3, 3.0, 66.7)
    assert (fractions.items, fractions.difficulty) == (["half"], 1.0)
    assert fractions.percent_right_at_first == pytest.approx(66.7)
    assert (taste.items, taste.participants, taste.percent_right_at_first) == (["colour"], 0, None)


def test_the_page_shows_them_and_says_what_to_do_without_any(here: World, world: NewWorld) -> None:
    page = DashboardBrowser(here).open("responses/competencies")
    assert "fractions" in page
    assert "66.7 %" in page
    assert "No competencies" in DashboardBrowser(world(Talk)).open("responses/competencies")
