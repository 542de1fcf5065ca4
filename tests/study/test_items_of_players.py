"""Items on the pages of a run: what depends on the player, languages, files, and what bots answer."""

from __future__ import annotations

import random
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from chalicelib.study.bots import bot_for
from chalicelib.study.checks import check_study
from chalicelib.study.study_records import Place, StudyResponse
from petri.study import End, Page, Part, Study, choice, code, number, order, table
from tests.web.world import World

from .studies import OpenStudy, answer, due


class Trust(Study):
    """Rows, options and bounds come from methods of the study."""

    trust = table(
        "How much do you send?",
        "partners",
        number("", maximum="endowment", minimum=0),
        right={"7": 3},
        points=2,
    )
    best = choice("Who is best?", "partners", media="faces.png")
    ranks = order("Rank them.", "partners")

    timeline = (Page("ask", ask=["trust", "best", "ranks"]), End())

    def partners(self, player: Any) -> dict[str, str]:
        return {"7": "Ada", "8": f"Bo, friend of {player.id}"}

    def endowment(self, player: Any) -> int:
        return 5


class Program(Study):
    """A program that the browser has run."""

    add = code("Write add.", [{"run": "add(1, 2)", "expect": 3}])

    timeline = (Page("write", ask="add"), End())


def entries(here: World) -> dict[str, dict[str, Any]]:
    """Return the stored answers by item."""
    return {entry["item"]: entry for each in here.items(StudyResponse.kind) for entry in each["answers"]}


def test_rows_options_and_bounds_are_those_of_the_player(open_study: OpenStudy):
    here = open_study(Trust)
    person = here.arrive()
    page = due(person)
    assert page["items"]["trust"]["rows"] == ["7", "8"]
    assert page["items"]["trust"]["item"]["maximum"] == "5"
    assert "Bo, friend of" in page["html"]
    assert page["preload"] == ["/static/faces.png"]
    refused = answer(person, trust={"7": 6, "8": 1}, best="9", ranks=["7", "8"])
    assert refused.status == 422
    assert refused["items"] == {
        "trust": "Ada: The number must be 5 at most.",
        "best": "Choose one of the options.",
    }
    assert answer(person, trust={"7": 3, "8": 1}, best="8", ranks=["8", "7"]).status == 200
    trust = entries(here)["trust"]
    assert (trust["correct"], trust["percent"], trust["points"]) == (True, 1, "2")


def test_the_grade_of_code_says_that_the_client_made_it(open_study: OpenStudy):
    here = open_study(Program)
    assert answer(here.arrive(), add={"text": "add = 1", "passed": 1, "failed": 0}).status == 200
    assert entries(here)["add"]["graded_by"] == "client"


def test_a_bot_answers_what_the_page_asks(open_study: OpenStudy):
    here = open_study(Trust)
    person = here.arrive()
    page = due(person)
    bot = bot_for(Trust).__new__(bot_for(Trust))
    bot.random = random.Random(1)
    answers = {name: bot.answer(name, page) for name in page["items"]}
    assert answer(person, **answers).status == 200


def test_a_method_that_an_item_calls_must_be_there():
    class Missing(Study):
        best = choice("Who is best?", "neighbours")
        bid = number("How much?", check="affordable")
        timeline = (Page("ask", ask=["best", "bid"]), End())

    problems = check_study(Missing)
    assert "The item best calls neighbours(), which the study doesn't define." in problems
    assert "The item bid calls affordable(), which the study doesn't define." in problems


def test_a_problem_of_an_item_names_it_once():
    class Wrong(Study):
        bid = number("How much?", minimum=5, maximum=1)
        timeline = (Page("ask", ask="bid"), End())

    assert "The item bid: minimum=5 is above maximum=1; swap them." in check_study(Wrong)


def test_errors_and_texts_are_in_the_language_of_the_study(open_study: OpenStudy):
    class German(Study):
        language = "de"
        sent = table(
            "How much?",
            MappingProxyType({"a": "The first"}),
            number("", maximum=5),
            translations=MappingProxyType({"de": {"prompt": "Wie viel?", "rows": {"a": "Die erste"}}}),
        )
        timeline = (Page("ask", ask="sent"), End())

    person = open_study(German).arrive()
    assert "Wie viel?" in due(person)["html"]
    assert answer(person, sent={"a": 6})["items"]["sent"].startswith("Die erste: ")


@pytest.mark.parametrize(
    ("rule", "totals"),
    [
        ("first", ["0", "0", "0"]),
        ("last", ["0", "3", "0"]),
        ("best", ["0", "3", "3"]),
        ("all", ["0", "1.5", "1"]),
    ],
)
def test_the_attempt_that_counts_gives_the_points(open_study: OpenStudy, rule: str, totals: list[str]):
    class Sum(Study):
        total = number("What is 2 + 3?", right=5, points=3, count=rule)
        timeline = (Page("one", ask="total"), Page("two", ask="total"), Page("three", ask="total"), End())

    here = open_study(Sum)
    person = here.arrive()
    for given, expected in zip([4, 5, 6], totals, strict=True):
        answer(person, total=given)
        (place,) = here.items(Place.kind)
        assert Decimal(place.get("points", "0")) == Decimal(expected)


@pytest.mark.parametrize(
    ("when", "shown"),
    [("at_once", ["", "No.", "Right!", "Right!"]), ("section", ["", "", "", "Right!"]), ("never", [""] * 4)],
)
def test_feedback_is_shown_when_the_participant_may_know_it(
    open_study: OpenStudy, when: str, shown: list[str]
):
    class Quiz(Study):
        total = number(
            "2 + 3?", right=5, feedback={"correct": "Right!", "incorrect": "No."}, feedback_when=when
        )
        timeline = (
            Part("quiz", [Page("one", ask="total"), Page("two", ask="total"), Page("end")]),
            Page("after"),
        )

    template = '<p>[{{ player.feedback_to("total") }}]</p>'
    person = open_study(Quiz, dict.fromkeys(["one", "two", "end", "after"], template)).arrive()
    pages = [due(person)["html"], answer(person, total=4)["html"], answer(person, total=5)["html"]]
    pages.append(answer(person)["html"])
    assert [html.partition("<p>[")[2].partition("]</p>")[0] for html in pages] == shown


def test_feedback_is_in_the_language_of_the_study_and_in_no_rules_of_the_page(open_study: OpenStudy):
    class Quiz(Study):
        language = "de"
        total = number(
            "2 + 3?",
            feedback={"correct": "Right!", "incorrect": "No."},
            right=5,
            translations={"de": {"feedback": {"correct": "Richtig!"}}},
        )
        timeline = (Page("one", ask="total"), Page("two"))

    person = open_study(Quiz, {"two": '{{ player.feedback_to("total") }}'}).arrive()
    assert "Richtig!" not in str(due(person).body)
    assert "Richtig!" in answer(person, total=5)["html"]
