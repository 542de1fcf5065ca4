"""Messages of a group at the same moment: each is handled once, on what the one before it has changed."""

from __future__ import annotations

from functools import partial

from chalicelib.storage.engine import Engine
from petri.study import Chat, End, Form, Group, Live, Study, Wait
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table

MESSAGES = 20


class Counting(Study):
    """Each message adds to a number that the group shares, and gives its sender a point."""

    timeline = (Group(4), Live("count", on="add", snapshot=None, script="count.js"), End())

    def add(self, group, player, message):
        group.state["sum"] = group.state.get("sum", 0) + message["add"]
        group.state["count"] = group.state.get("count", 0) + 1
        group.record("sum", sum=group.state["sum"])
        group.tell({"sum": group.state["sum"]})
        player.earn(1)


class Talking(Study):
    """A chat of four."""

    timeline = (Group(4), Chat(can_leave=True), End())


class Ready(Counting):
    """The same messages, sent by members who wait for those who aren't ready yet."""

    timeline = (
        Group(4),
        Form("ready", button="Ready"),
        Wait(on="add", script="count.js"),
        Form("after"),
        End(),
    )


def seated(table: Table, page: str) -> Table:
    for player in table.players:
        player.get()
    table.work()
    for player in table.players:
        assert player.get()["page"] == page
    return table


def windows(table: Table) -> list[Player]:
    """As many open pages of the players as there are messages."""
    players = [table.players[number % len(table.players)] for number in range(MESSAGES)]
    return [Player(table.app, one.id, one.serial, dict(one.last)) for one in players]


def test_no_update_of_20_messages_at_once_is_lost(crowded: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(crowded, Counting, 4), "count")
    sends = [partial(one.send, {"add": number}) for number, one in enumerate(windows(table))]
    results = at_once(sends)
    assert [result for result in results if not isinstance(result, dict) or "stale" in result] == []
    total = sum(range(MESSAGES))
    assert table.items("study_group")[0]["state"] == {"sum": total, "count": MESSAGES}
    rows = sorted(table.items("live_row"), key=lambda row: row["number"])
    assert [row["number"] for row in rows] == list(range(MESSAGES))
    assert rows[-1]["values"] == {"sum": total}
    assert table.points() == [MESSAGES // 4] * 4


def test_no_message_of_a_chat_is_lost_when_20_are_sent_at_once(crowded: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(crowded, Talking, 4), "chat")
    sends = [partial(one.send, {"text": f"message {number}"}) for number, one in enumerate(windows(table))]
    results = at_once(sends)
    assert [result for result in results if not isinstance(result, dict)] == []
    shown = [one["text"] for one in table.players[0].get()["data"]["messages"]]
    assert sorted(shown) == sorted(f"message {number}" for number in range(MESSAGES))


def test_messages_of_those_who_wait_count_until_the_last_member_arrives(
    engine: Engine, seat_players: Seat
) -> None:
    table = seated(seat_players(engine, Ready, 4), "ready")
    *ready, last = table.players
    for player in ready:
        player.post()
        assert "stale" not in player.send({"add": 1})
    waiting = ready[0].last["serial"]
    assert last.post()["page"] == "after"
    ready[0].last = {"serial": waiting}
    assert ready[0].send({"add": 1})["stale"] is True
    assert table.items("study_group")[0]["state"] == {"sum": 3, "count": 3}


def test_a_message_is_stored_as_it_was_sent_on_every_engine(engine: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(engine, Talking, 4), "chat")
    table.players[0].send({"text": "Grüße 🙂 <b>"})
    assert table.players[1].get()["data"]["messages"][0]["text"] == "Grüße 🙂 <b>"
    assert [row["values"] for row in table.items("live_row")] == [{"text": "Grüße 🙂 <b>"}]
