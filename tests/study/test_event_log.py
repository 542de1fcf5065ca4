"""What pages log is kept with their answers, and never a reason to refuse one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.operations.study.answers.event_log import MOST, MOST_BATCHES, MOST_CHARACTERS
from petri.study import End, Page, Study, number
from tests.study.studies import OpenStudy, due
from tests.web.world import Person, World

PASTE = {"event": "clipboard", "act": "paste", "item": "age", "at": 1500.4}


class Survey(Study):
    """Two pages."""

    age = number("How old are you?", minimum=0, required=False)
    timeline = (Page("ask", ask="age"), Page("last"), End())


def post(person: Person, events: Any, route: str = "/page", **more: Any) -> Any:
    body = {"serial": due(person)["serial"], "answers": {}, "events": events, **more}
    return person.world.post_json(route, body, token=person.token)


def kept(here: World) -> list[dict[str, Any]]:
    return [event for item in here.items("event_batch") for event in item["events"]]


def test_events_are_kept_with_the_answer_of_their_page(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    person = here.arrive()
    assert due(person)["log"] is True
    assert post(person, [PASTE])["page"] == "last"
    (batch,) = here.items("event_batch")
    assert (batch["participant_id"], batch["serial"], batch["page"], batch["path"]) == (1, 1, "ask", "ask")
    assert batch["events"] == [{"event": "clipboard", "act": "paste", "item": "age", "at_ms": 1500}]


def test_a_page_that_is_closed_sends_its_events_alone(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    person = here.arrive()
    assert post(person, [PASTE], "/page/events").status == 200
    assert (len(kept(here)), due(person)["page"]) == (1, "ask")


def test_events_of_a_page_that_is_not_due_are_left_out(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    person = here.arrive()
    assert post(person, [PASTE], "/page/events", serial=7).status == 200
    assert post(person, [PASTE], serial=7)["stale"] is True
    assert kept(here) == []


def test_another_participants_page_can_not_be_logged(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    due(here.arrive())
    refused = here.post_json("/page/events", {"serial": 1, "events": [PASTE]})
    assert (refused.status, kept(here)) == (401, [])


@pytest.mark.parametrize(
    "events",
    [
        *(None, "", 5, {}, "[]", [], [1], [None], [{}], [{"act": "x"}], [{"event": 5}]),
        [{"event": "x", "act": ["y"]}],
    ],
)
def test_what_is_not_an_event_is_left_out_and_the_answer_counts(open_study: OpenStudy, events: Any) -> None:
    here = open_study(Survey)
    person = here.arrive()
    assert post(person, events)["page"] == "last"
    assert kept(here) == []


@pytest.mark.parametrize("at", ["now", True, -1, 1e12, 10**400, None])
def test_a_time_that_can_not_be_is_left_out(open_study: OpenStudy, at: Any) -> None:
    here = open_study(Survey)
    post(here.arrive(), [{**PASTE, "at": at}])
    assert kept(here)[0]["at_ms"] is None


def test_what_is_kept_of_a_page_is_bounded(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    person = here.arrive()
    long = {"event": "x" * 5000, "act": "y" * 5000, "item": "z" * 5000, "at": 1}
    post(person, [long] * (2 * MOST), "/page/events")
    assert len(kept(here)) == MOST
    assert {len(text) for event in kept(here) for text in event.values() if isinstance(text, str)} == {
        MOST_CHARACTERS
    }
    for _ in range(MOST_BATCHES + 5):
        here.clock.turn(seconds=1)
        post(person, [PASTE], "/page/events")
    assert len(here.items("event_batch")) == MOST_BATCHES


def test_events_in_a_script_with_many_bytes_fit_into_one_item_of_the_store(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    person = here.arrive()
    long = dict.fromkeys(("event", "act", "item"), "😀" * MOST_CHARACTERS)
    assert post(person, [long] * MOST)["page"] == "last"
    (batch,) = here.items("event_batch")
    assert 100 < len(batch["events"]) < MOST
    assert len(json.dumps(batch, ensure_ascii=False).encode()) < 400 * 1024


def test_a_study_can_switch_the_log_off(open_study: OpenStudy) -> None:
    here = open_study(type("Unlogged", (Survey,), {"log_events": False}))
    person = here.arrive()
    assert due(person)["log"] is False
    post(person, [PASTE])
    assert kept(here) == []
