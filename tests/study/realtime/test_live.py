"""Live elements: messages of a page's script that a method of the study handles, one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from petri.errors import ExperimentError
from petri.study import AnswerError, End, Group, Live, Page, Study, Wait
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said, World


class Market(Study):
    """Two traders; a bid of 13 raises an error, and a negative one is refused."""

    timeline = (
        Group(2, roles=["buyer", "seller"]),
        Live("market", script="market.js", seconds=60),
        Page("after"),
        End(),
    )

    def order(self, group, player, message):
        price = message["price"]
        if price < 0:
            raise AnswerError("A price can't be negative.")
        group.state["bids"] = [*group.state.get("bids", []), price]
        group.record("bid", price=price, role=player.role)
        group.tell({"best": max(group.state["bids"])})
        player.earn(1)
        if price == 13:
            raise RuntimeError("The author's mistake.")

    def snapshot(self, group, player):
        return {"bids": group.state.get("bids", []), "role": player.role}


def seated(here: World, count: int = 2) -> list[Person]:
    """Bring the members of a group to its first page."""
    people = [here.arrive() for _ in range(count)]
    for person in people:
        due(person)
    here.work()
    return people


def send(person: Person, message: Any, serial: int | None = None) -> Said:
    number = due(person)["serial"] if serial is None else serial
    return person.world.post_json("/page/live", {"serial": number, "message": message}, token=person.token)


def told(here: World) -> Iterator[tuple[list[int], Any]]:
    """What the messages on the queue send to pages, and to whom; it carries them out."""
    for body in here.work():
        if body["kind"] == "send_to_participants" and body["channel"] == "live":
            yield sorted(body["participant_ids"]), body["data"]


def test_a_message_changes_the_group_stores_a_row_and_reaches_all_members(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, second = seated(here)
    assert send(first, {"price": 5}).status == 200
    assert list(told(here)) == [([first.id, second.id], {"best": 5})]
    (row,) = here.items("live_row")
    assert (row["name"], row["participant_id"], row["path"]) == ("bid", first.id, "market")
    assert row["values"] == {"price": 5, "role": due(first)["data"]["role"]}
    assert here.items("study_group")[0]["state"] == {"bids": [5]}


def test_the_page_begins_with_the_snapshot_and_has_it_again_after_a_reload(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, second = seated(here)
    page = due(second)
    assert (page["kind"], page["script"], page["button"]) == ("live", "/static/market.js", None)
    assert page["data"]["bids"] == []
    send(first, {"price": 5})
    send(second, {"price": 7})
    assert due(second)["data"] == {"bids": [5, 7], "role": page["data"]["role"]}


def test_an_error_of_the_method_stops_the_group_and_changes_nothing_else(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, second = seated(here)
    said = send(first, {"price": 13})
    assert (said.status, said["stale"]) == (200, True)
    group = here.items("study_group")[0]
    assert "RuntimeError: The author's mistake." in group["stopped"]
    assert "order()" in group["stopped"]
    assert (group.get("state", {}), here.items("live_row")) == ({}, [])
    assert [due(person)["kind"] for person in (first, second)] == ["end", "end"]


@pytest.mark.parametrize("fault", [RuntimeError("No data."), {"not": {"JSON"}}])
def test_an_error_of_the_snapshot_stops_the_group_with_pay(open_study: OpenStudy, fault: Any) -> None:
    def snapshot(self: Any, group: Any, player: Any) -> Any:
        if isinstance(fault, Exception):
            raise fault
        return fault

    timeline = (Page("before"), *Market.timeline)
    here = open_study(type("Failing", (Market,), {"snapshot": snapshot, "timeline": timeline}))
    people = [here.arrive() for _ in range(2)]
    assert [answer(person)["kind"] for person in people] == ["wait", "end"]
    here.work()
    assert [due(person)["kind"] for person in people] == ["end", "end"]
    assert "snapshot() at market raised" in here.items("study_group")[0]["stopped"]
    here.work()
    assert [here.owed(person) for person in people] == [{"base": "1.50"}] * 2


def test_a_message_that_the_study_refuses_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    serial = due(first)["serial"]
    with here.unchanged():
        said = send(first, {"price": -1}, serial)
    assert (said.status, said["error_text"]) == (422, "A price can't be negative.")


@pytest.mark.parametrize("message", [None, 5, "text", ["list"], {"text": "x" * 5000}, '{"price": NaN}'])
def test_a_message_that_is_not_an_object_or_too_large_is_refused(open_study: OpenStudy, message: Any) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    serial = due(first)["serial"]
    with here.unchanged():
        said = send(first, message, serial)
    assert (said.status, said.code) == (422, "message_refused")


def test_a_message_sent_as_json_text_is_read(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    fields = {"serial": due(first)["serial"], "message": json.dumps({"price": 4})}
    assert first.post("/page/live", fields).status == 200
    assert here.items("study_group")[0]["state"] == {"bids": [4]}


@pytest.mark.parametrize("serial", [1, 99])
def test_a_message_of_another_page_changes_nothing(open_study: OpenStudy, serial: int) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    due(first)
    with here.unchanged():
        assert send(first, {"price": 5}, serial)["stale"] is True


def test_a_serial_that_is_not_a_number_is_refused(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    said = here.post_json("/page/live", {"serial": "x", "message": {}}, token=first.token)
    assert (said.status, said.code) == (400, "bad_request")


def test_a_message_after_the_time_limit_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    serial = due(first)["serial"]
    here.clock.turn(seconds=70)
    assert send(first, {"price": 5}, serial)["stale"] is True
    assert here.items("live_row") == []
    assert due(first)["page"] == "after"


def test_a_page_without_messages_refuses_them(open_study: OpenStudy) -> None:
    class Plain(Study):
        timeline = (Page("hello"), End())

    person = open_study(Plain).arrive()
    said = send(person, {"price": 5})
    assert (said.status, said.code) == (422, "message_refused")


def test_a_participant_sends_at_most_20_messages_in_a_second(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, second = seated(here)
    serial = due(first)["serial"]
    due(second)
    assert {send(first, {"price": 1}, serial).status for _ in range(20)} == {200}
    refused = send(first, {"price": 1}, serial)
    assert (refused.status, refused.code) == (429, "too_many_messages")
    assert send(second, {"price": 1}).status == 200
    here.clock.turn(seconds=1)
    assert send(first, {"price": 1}, serial).status == 200
    assert len(here.items("study_group")[0]["state"]["bids"]) == 22


def test_it_ends_with_its_time_and_not_before(open_study: OpenStudy) -> None:
    here = open_study(Market)
    first, _ = seated(here)
    serial = due(first)["serial"]
    with here.unchanged():
        assert answer(first, serial).status == 422
    here.clock.turn(seconds=60)
    assert answer(first, serial, timeout=True)["page"] == "after"


class Trading(Market):
    """A market in which a trader who is ready waits, and can go on trading meanwhile."""

    timeline = (
        Group(2, roles=["buyer", "seller"]),
        Live("market", script="market.js", button="Ready"),
        Wait(page="market", on="order", snapshot="snapshot", script="static/market.js", text="One moment."),
        Page("after"),
        End(),
    )


def test_those_who_wait_go_on_exchanging_messages_with_those_who_have_not_arrived(
    open_study: OpenStudy,
) -> None:
    here = open_study(Trading)
    first, second = seated(here)
    answer(first)
    here.work()
    assert send(first, {"price": 5}).status == 200
    assert list(told(here)) == [([first.id, second.id], {"best": 5})]
    assert send(second, {"price": 7}).status == 200
    assert due(first)["data"]["bids"] == [5, 7]
    assert [row["path"] for row in here.items("live_row")] == ["wait", "market"]


def test_a_wait_shows_its_page_above_its_text_and_asks_nothing(open_study: OpenStudy) -> None:
    here = open_study(Trading, {"market": "<h1>You are the {{ player.role }}</h1>{{ ask('any') }}"})
    first, _ = seated(here)
    waiting = answer(first)
    role = waiting["data"]["role"]
    assert (waiting["kind"], waiting["items"], waiting["script"]) == ("wait", {}, "/static/market.js")
    assert waiting["html"].startswith(
        f'<h1>You are the {role}</h1>\n<p role="status" class="wait-status">One moment.</p>'
    )
    assert "Please wait" not in waiting["html"]


def test_a_message_to_a_wait_that_is_over_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(Trading)
    first, second = seated(here)
    serial = answer(first)["serial"]
    answer(second)
    here.work()
    with here.unchanged():
        assert send(first, {"price": 5}, serial)["stale"] is True


def test_a_wait_without_a_method_for_messages_refuses_them(open_study: OpenStudy) -> None:
    timeline = (*Trading.timeline[:2], Wait(script="market.js"), *Trading.timeline[3:])
    here = open_study(type("Silent", (Trading,), {"timeline": timeline}))
    first, _ = seated(here)
    answer(first)
    said = send(first, {"price": 5})
    assert (said.status, said.code) == (422, "message_refused")


def test_an_error_of_a_page_that_a_wait_shows_stops_the_group_with_pay(open_study: OpenStudy) -> None:
    timeline = (Group(2), Page("before"), Wait(page="meanwhile"), Page("meanwhile"), End())
    study = type("Broken", (Market,), {"timeline": timeline})
    here = open_study(study, {"meanwhile": "{{ 1 // (player.points | int) }}"}, mode="live")
    people = seated(here)
    answer(people[0])
    here.work()
    assert [due(person)["kind"] for person in people] == ["end", "end"]


@pytest.mark.parametrize(
    ("timeline", "problem"),
    [
        ([Group(2), Live("market", seconds=5), End()], "has no script"),
        ([Group(2), Live("market", on="trade", script="x.js"), End()], r"calls trade\(\)"),
        ([Live("market", script="x.js"), End()], "needs a group"),
        ([Group(2), Wait(on="order"), End()], "has on='order', but no script"),
        ([Group(2), Wait(snapshot="snapshot"), End()], "has snapshot='snapshot', but no script"),
        ([Group(2), Wait(on="trade", script="x.js"), End()], r"calls trade\(\)"),
        ([Group(2), Wait(page="market"), End()], "there is no such file; write pages/market.md"),
    ],
)
def test_problems_of_a_live_element_are_reported(
    open_study: OpenStudy, timeline: list[Any], problem: str
) -> None:
    study = type("Wrong", (Market,), {"timeline": tuple(timeline)})
    with pytest.raises(ExperimentError, match=problem):
        open_study(study)
