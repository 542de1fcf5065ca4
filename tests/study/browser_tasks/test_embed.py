"""Embedded pages: what jsPsych, lab.js and SurveyJS record is stored once, within limits, and never lost."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.study.answers import embedded_data
from petri.study import Embed, End, Page, Study, number
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said


class Flanker(Study):
    """A page of a library, which records trials and answers."""

    age = number("How old are you?")
    timeline = (
        Embed("flanker.html", trials=True, data="settings", seconds=60),
        Embed("form.html"),
        Page("after"),
        End(),
    )

    def settings(self, player):
        return {"word": f"for {player.id}"}


def send(person: Person, first: int, trials: list[Any], serial: int = 1, **more: Any) -> Said:
    return answer(person, serial, first=first, trials=trials, **more)


ROWS = [
    {"rt": 400.5, "response": "f", "correct": True, "trial_type": "keys"},
    {"rt": None, "mouse": [[1, 2]]},
]


def stored(here: Any) -> list[dict[str, Any]]:
    return [row for item in here.items("trial_batch") for row in item["trials"]]


def test_trials_are_stored_with_all_their_columns(open_study: OpenStudy) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    page = due(person)
    assert page["data"]["src"] == "/static/flanker.html"
    assert page["data"]["given"] == {"word": f"for {person.id}"}
    assert send(person, 0, ROWS)["data"]["first"] == 2
    first, second = stored(here)
    assert first == {
        "number": 1,
        "key": None,
        "response": "f",
        "correct": True,
        "rt_ms": 400.5,
        "data": ROWS[0],
    }
    assert (second["rt_ms"], second["data"]) == (None, ROWS[1])


def test_trials_that_are_sent_again_are_stored_once_and_new_ones_beside_them_are_kept(
    open_study: OpenStudy,
) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    send(person, 0, ROWS)
    with here.unchanged():
        assert send(person, 0, ROWS)["data"]["first"] == 2
    assert send(person, 0, [*ROWS, {"rt": 1}])["data"]["first"] == 3
    assert [row["number"] for row in stored(here)] == [1, 2, 3]


def test_a_reload_gets_the_stored_trials_and_the_same_seed(open_study: OpenStudy) -> None:
    person = open_study(Flanker).arrive()
    seed = due(person)["data"]["seed"]
    send(person, 0, ROWS)
    send(person, 2, [{"rt": 3}])
    again = due(person)
    assert again["stored_trials"] == [*ROWS, {"rt": 3}]
    assert (again["data"]["first"], again["data"]["seed"]) == (3, seed)


def test_each_answer_of_a_form_is_a_response_named_after_the_page(open_study: OpenStudy) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    assert send(person, 0, [], done=True)["page"] == "form"
    given = [
        {"item": "satisfied", "kind": "rating", "answer": 4},
        {"item": "pets.many", "kind": "checkbox", "answer": ["cat", "dog"]},
        {"item": "age", "kind": "text", "answer": None},
    ]
    assert answer(person, 2, done=True, answers=given)["page"] == "after"
    response = next(item for item in here.items("response") if item["page"] == "form")
    assert [(one["item"], one["kind"], one["answer"]) for one in response["answers"]] == [
        ("form.satisfied", "rating", 4),
        ("form.pets_many", "checkbox", ["cat", "dog"]),
        ("form.age", "text", None),
    ]


def test_a_page_without_trials_ends_with_answers_by_name_which_the_study_can_read(
    open_study: OpenStudy,
) -> None:
    class Form(Study):
        timeline = (Embed("form.html", then="paid"), Page("after"), End())

        def paid(self, player):
            player.earn(player.get("form.score"))

    here = open_study(Form, {"after": "You have {{ player.points }} points."})
    person = here.arrive()
    due(person)
    assert "You have 7 points." in answer(person, 1, done=True, answers={"score": 7})["html"]


def test_an_answer_never_stands_for_an_item_of_the_study_or_a_variable_of_its_pages(
    open_study: OpenStudy,
) -> None:
    here = open_study(Flanker, {"after": "{{ age|default('unknown') }}, {{ player.id }}"})
    person = here.arrive()
    due(person)
    send(person, 0, [], done=True)
    given = {"age": 99, "player": "x", "_": "x", "condition.colour": "red"}
    assert f"unknown, {person.id}" in answer(person, 2, done=True, answers=given)["html"]


def test_the_time_limit_keeps_the_trials_that_were_recorded(open_study: OpenStudy) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=60)
    body = {"serial": 1, "answers": {"first": 0, "trials": ROWS}, "timeout": True}
    assert here.post_json("/page", body, token=person.token)["page"] == "form"
    assert len(stored(here)) == 2


def test_a_time_limit_that_is_not_answered_ends_the_page(open_study: OpenStudy) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=70)
    assert due(person)["page"] == "form"


@pytest.mark.parametrize(
    ("first", "trials", "why"),
    [
        (1, [{"rt": 1}], "don't follow"),
        (True, [], "first must be"),
        (-1, [], "first must be"),
        (0, "text", "must be a list"),
        (0, [{}] * 201, "at most 200"),
        (0, ["text"], "must be an object"),
        (0, [{"": 1}], "without a name"),
        (0, [{"x": "y" * 70_000}], "at most 64 KB"),
        (0, [{"x": "y" * 60_000}] * 5, "more than 200,000 bytes"),
        (0, [{f"c{number}": 1 for number in range(201)}], "at most 200 columns"),
    ],
)
def test_trials_that_do_not_fit_are_refused_and_nothing_is_stored(
    open_study: OpenStudy, first: Any, trials: Any, why: str
) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    with here.unchanged():
        said = send(person, first, trials)
    assert (said.status, said.code) == (422, "answers_refused")
    assert why in str(said.body)


def test_a_page_holds_a_bounded_amount_of_data(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_data, "MAX_EMBEDDED_BYTES", 1_000_000)
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    batch = [{"x": "y" * 60_000}] * 3
    for count in range(5):
        assert send(person, count * 3, batch).status == 200
    with here.unchanged():
        said = send(person, 15, batch)
    assert said.status == 422
    assert "record less, or spread it over several pages" in str(said.body)
    assert len(stored(here)) == 15


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("text", "must be an object"),
        ([{"answer": 1}], "needs a name"),
        ([{"item": "x" * 101}], "needs a name"),
        ([{"item": "x", "kind": "<b>"}], "is a word"),
        ({"x": "y" * 70_000}, "too long"),
        ({f"x{number}": "y" * 60_000 for number in range(4)}, "more than 200,000 bytes"),
        ([{"item": "a.b", "answer": 1}, {"item": "a_b", "answer": 1}], "answered twice"),
        ({str(number): 1 for number in range(201)}, "at most 200 answers"),
    ],
)
def test_answers_that_do_not_fit_are_refused_and_nothing_is_stored(
    open_study: OpenStudy, given: Any, why: str
) -> None:
    here = open_study(Flanker)
    person = here.arrive()
    due(person)
    with here.unchanged():
        said = send(person, 0, [], done=True, answers=given)
    assert said.status == 422
    assert why in str(said.body)


def test_a_form_stores_no_trials(open_study: OpenStudy) -> None:
    person = open_study(Flanker).arrive()
    due(person)
    send(person, 0, [], done=True)
    assert "set trials=True" in str(send(person, 0, ROWS, serial=2).body)


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        (Embed("task"), "give an HTML file"),
        (Embed("../task.html"), "give an HTML file"),
        (Embed("task", file="static/task.js"), "give an HTML file"),
        (Embed("task.html", ask="age"), "has ask or script"),
        (Embed("task.html", script="x.js"), "has ask or script"),
        (Embed("condition.html"), "begins columns"),
        (Embed("task.html", batch=0), "batch=0"),
        (Embed("task.html", bot_data=[{"rt": 1}]), "set trials=True"),
    ],
)
def test_a_problem_of_an_embedded_page_is_reported(element: Embed, problem: str) -> None:
    assert any(problem in each for each in element.problems())


def test_a_method_that_returns_no_json_is_logged_with_its_name(
    open_study: OpenStudy, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong(Flanker):
        def settings(self, player):
            return {"player": player}

    here = open_study(Wrong)
    person = here.arrive()
    assert here.get("/page", token=person.token).status == 500
    assert "what settings() returns['player'] can't be stored or sent" in str(caplog.records[-1].exc_info)


def test_bots_record_the_authors_data_or_a_few_trials_of_their_own(open_study: OpenStudy) -> None:
    class Played(Study):
        timeline = (
            Embed("flanker.html", trials=True, batch=2, bot_data=[{"rt": 1}, {"rt": 2}, {"rt": 3}]),
            Embed("other.html", trials=True),
            Embed("form.html", bot_data={"answers": {"age": 31}}),
            End(),
        )

    here = open_study(Played)
    person = here.arrive()
    bot = Played.default_bots()["Bot"]("http://127.0.0.1", "1", "a", "h")
    bot.post = lambda _, fields: here.post_json("/page", fields, token=person.token).body
    page = due(person)
    for _ in range(3):
        page = bot.post_answers(page)
    assert page["kind"] == "end"
    assert [row["rt_ms"] for row in stored(here)][:3] == [1, 2, 3]
    assert len(stored(here)) == 8
    assert any(
        one["item"] == "form.age" for item in here.items("response") for one in item.get("answers", [])
    )
