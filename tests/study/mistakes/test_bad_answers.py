"""Answers that a page doesn't take: each is refused with a reason, and nothing is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.study.study import Study
from petri.study import End, Group, Page, Wait, choice, number, text
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said, World

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Asking(Study):
    offer = number("How much?", minimum=0, maximum=10)
    colour = choice("Which?", {"r": "Red", "b": "Blue"})
    word = text("Which word?", required=False)
    timeline = [Page("ask", ask=["offer", "colour", "word"]), Page("next"), End()]


class Talking(Study):
    word = text("Which word?")
    colour = choice("Which?", {"r": "Red", "b": "Blue"}, required=False)
    timeline = [Group(2), Page("say", ask=["word", "colour"]), Wait(), Page("read"), End()]


GOOD = {"offer": 5, "colour": "r"}


def post(person: Person, body: Any) -> Said:
    return person.world.post_json("/page", body, token=person.token)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offer", "many"),
        ("offer", 11),
        ("offer", -1),
        ("offer", [5]),
        ("offer", {"offer": 5}),
        ("offer", True),
        ("offer", None),
        ("offer", "NaN"),
        ("colour", "g"),
        ("colour", ["r"]),
        ("colour", {"key": "r", "text": "x"}),
        ("colour", 1),
        ("colour", ""),
        ("word", 7),
        ("word", ["a"]),
        ("word", "x" * 5001),
        ("word", "x" * 1_000_000),
        ("unknown", 1),
        ("__class__", 1),
    ],
)
def test_a_refused_answer_is_named_and_nothing_is_written(
    open_study: OpenStudy, name: str, value: Any
) -> None:
    here = open_study(Asking)
    person = here.arrive()
    serial = due(person)["serial"]
    with here.unchanged():
        said = post(person, {"serial": serial, "answers": {**GOOD, name: value}})
    assert (said.status, said.code, list(said["items"])) == (422, "answers_refused", [name])
    assert said["items"][name]


@pytest.mark.parametrize(
    "body",
    [
        {"answers": GOOD},
        {"serial": "one", "answers": GOOD},
        {"serial": -1, "answers": GOOD},
        {"serial": True, "answers": GOOD},
        {"serial": 1.5, "answers": GOOD},
        {"serial": 10**12, "answers": GOOD},
        {"serial": [1], "answers": GOOD},
        {"serial": 1, "answers": ["offer", 5]},
        {"serial": 1, "answers": "offer"},
        {"serial": 1, "answers": 5},
        {"serial": 1, "answers": {**GOOD, "offer": 1e400}},
        {"serial": 1, "answers": {**GOOD, "word": "a\x00b"}},
        [1],
        b"{",
    ],
)
def test_a_malformed_post_is_refused_and_nothing_is_written(open_study: OpenStudy, body: Any) -> None:
    here = open_study(Asking)
    person = here.arrive()
    due(person)
    with here.unchanged():
        said = post(person, body)
    assert said.status in (400, 422), said
    assert said["error_text"]


@pytest.mark.parametrize(
    "timings",
    [
        5,
        "x",
        ["a"],
        {"seconds": -1, "loading": "x"},
        {"seconds": 1e300},
        {"seconds": 10**400, "loading": 10**400},
    ],
)
def test_implausible_timings_cost_no_answer(open_study: OpenStudy, timings: Any) -> None:
    here = open_study(Asking)
    person = here.arrive()
    said = post(person, {"serial": due(person)["serial"], "answers": GOOD, "timings": timings})
    assert said.status in (200, 400), said
    if said.status == 200:
        assert "seconds_client" not in here.items("response")[0]


def test_an_answer_that_comes_twice_is_stored_once(open_study: OpenStudy) -> None:
    here = open_study(Asking)
    person = here.arrive()
    serial = due(person)["serial"]
    answer(person, serial, **GOOD)
    with here.unchanged():
        said = answer(person, serial, offer=9, colour="b")
    assert (said.status, said["stale"], said["page"]) == (200, True, "next")
    assert [item["answers"][0]["answer"] for item in here.items("response")] == [5]


def test_a_stale_serial_from_another_device_gets_the_page_that_is_due(open_study: OpenStudy) -> None:
    here = open_study(Asking)
    person = here.arrive()
    serial = due(person)["serial"]
    said = here.post("/participant", {"workerId": "w1", "hitId": "h1", "assignmentId": "a1", "mode": "debug"})
    other = Person(here, person.id, said["token"], "w1", "a1")
    answer(other, serial, **GOOD)
    with here.unchanged():
        assert answer(other, serial, **GOOD)["stale"] is True
        assert answer(other, serial + 7)["stale"] is True
        assert post(person, {"serial": serial, "answers": GOOD}).code == "token_ended"


def test_a_post_without_a_token_or_with_anothers_is_not_for_this_page(open_study: OpenStudy) -> None:
    here = open_study(Asking)
    one, other = here.arrive(), here.arrive()
    due(one), due(other)
    with here.unchanged():
        assert here.post_json("/page", {"serial": 1, "answers": GOOD}).status == 401
        assert here.post_json("/page", {"serial": 1, "answers": GOOD}, token="forged").status == 401
        assert here.get("/page").status == 401
    said = here.post_json(
        "/page", {"serial": 1, "answers": GOOD, "participant_id": one.id}, token=other.token
    )
    assert (said["page"], due(one)["page"]) == ("next", "ask")


def test_a_script_in_a_text_is_escaped_for_the_others(open_study: OpenStudy) -> None:
    pages = {
        "read": '{% for one in player.others %}<p title="{{ one.word }}">{{ one.word }} '
        "{{ one.get('colour') }}</p>{% endfor %}{{ word }}"
    }
    here = open_study(Talking, pages)
    one, other = here.arrive(), here.arrive()
    due(one), due(other)
    here.work()
    answer(one, word=SCRIPT)
    answer(other, word=SCRIPT + '" onmouseover="x')
    for person in (one, other):
        html = due(person)["html"]
        assert "<script" not in html
        assert "<img" not in html
        assert '" onmouseover="' not in html
        assert "&lt;script&gt;" in html


def texts(value: Any) -> str:
    return json.dumps(value)


def test_a_refusal_repeats_nothing_of_what_was_sent(open_study: OpenStudy) -> None:
    here = open_study(Asking)
    person = here.arrive()
    due(person)
    said = answer(person, offer=SCRIPT, colour=SCRIPT)
    assert said.status == 422
    assert "<script" not in texts(said.body)


def test_a_participant_whose_part_is_over_can_answer_nothing(open_study: OpenStudy) -> None:
    here: World = open_study(Asking)
    person = here.arrive()
    answer(person, **GOOD)
    assert answer(person)["kind"] == "end"
    here.work()
    with here.unchanged():
        assert answer(person, 1, **GOOD)["kind"] == "end"
        assert answer(person, 99, **GOOD)["stale"] is True
