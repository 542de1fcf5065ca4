"""What pages log is kept with their answers, and never a reason to refuse one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.operations.study.answers import event_log
from chalicelib.operations.study.answers.event_log import MAX_MS, MOST, MOST_BATCHES, MOST_CHARACTERS
from petri.study import End, Page, Rounds, Study, number
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


def test_a_batch_says_where_and_when_it_was_recorded(open_study: OpenStudy) -> None:
    timeline = (Rounds(2, [Page("ask", ask="age")]), End())
    here = open_study(type("Repeated", (Survey,), {"timeline": timeline}))
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=9)
    post(person, [PASTE])
    (batch,) = here.items("event_batch")
    assert (batch["page"], batch["path"]) == ("ask", "rounds[1]/ask")
    assert batch["received_at"].startswith(here.clock.now().isoformat()[:19])


@pytest.mark.parametrize(("at", "kept_as"), [(0, 0), (MAX_MS, MAX_MS), (MAX_MS + 1, None), (0.6, 1)])
def test_a_time_from_0_to_a_week_is_kept_as_whole_milliseconds(
    open_study: OpenStudy, at: float, kept_as: int | None
) -> None:
    here = open_study(Survey)
    post(here.arrive(), [{**PASTE, "at": at}])
    assert kept(here)[0]["at_ms"] == kept_as


def test_events_up_to_the_last_byte_are_kept(open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"event": "ä", "at_ms": 1}
    size = len(json.dumps(event, ensure_ascii=False).encode()) + 1
    monkeypatch.setattr(event_log, "MOST_BYTES", 2 * size)
    here = open_study(Survey)
    post(here.arrive(), [{"event": "ä", "at": 1}] * 3)
    assert kept(here) == [event, event]


def test_an_invalid_event_does_not_hide_those_behind_it(open_study: OpenStudy) -> None:
    here = open_study(Survey)
    post(here.arrive(), [5, {"event": ""}, {"event": "x", "act": 1}, {"event": "y", "at": 2, "more": "z"}])
    assert kept(here) == [{"event": "y", "at_ms": 2}]
