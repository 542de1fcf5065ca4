"""A person forms and moves groups on while participants come and answer, over every engine."""

from __future__ import annotations

from functools import partial
from typing import Any

from chalicelib.errors import Busy, InvalidState
from chalicelib.operations.management.run_state.live_actions import form_group_now, move_on_from
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Engine
from petri.study import End, Group, Page, Rounds, Wait
from tests.contract.factories import at_once
from tests.study.contract.players import Seat, Table, sums

CLICKS = 4


def early(minimum: int, size: int) -> type[Any]:
    timeline = (
        Page("welcome"),
        Group(size, minimum=minimum, wait_minutes=5),
        Rounds(2, [Page("name", ask="mine", on_timeout={"mine": 5}), Wait(then="add_up")]),
        End(),
    )
    return type("Early", (sums(size),), {"timeline": timeline})


def click(table: Table, operation: Any, *args: Any) -> Any:
    return table.app.run(operation, *args, caller=OPERATOR_CALLER)


def members(table: Table) -> list[int]:
    return [one["participant_id"] for item in table.items("study_group") for one in item["members"]]


def test_a_group_is_formed_early_while_others_arrive_and_each_is_in_one(
    crowded: Engine, seat_players: Seat
) -> None:
    table = seat_players(crowded, early(2, 4), 6)
    for player in table.players:
        player.get()
    for player in table.players[:2]:
        player.post()
    results = at_once(
        [
            *[partial(click, table, form_group_now, "group") for _ in range(CLICKS)],
            *[player.post for player in table.players[2:]],
        ]
    )
    # All clicks may come while a full group has just formed, and one participant waits.
    refused = [one for one in results[:CLICKS] if isinstance(one, Exception)]
    assert {type(one) for one in refused} <= {InvalidState, Busy}
    assert [one for one in results[CLICKS:] if not isinstance(one, dict)] == []
    table.work()
    seated = members(table)
    assert len(seated) == len(set(seated))
    assert len(seated) >= 2
    waiting = {item["participant_id"] for item in table.items("pooled")}
    assert sorted([*seated, *waiting]) == [player.id for player in table.players]
    for item in table.items("study_group"):
        assert 2 <= len(item["members"]) <= 4


def test_members_are_moved_on_once_while_they_answer(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, early(0, 3), 3)
    for player in table.players:
        player.get()
        player.post()
    table.work()
    for player in table.players:
        player.get()
    network_id = table.items("study_group")[0]["network_id"]
    move = partial(click, table, move_on_from, str(network_id), "rounds[1]/name")
    results = at_once([*[move] * CLICKS, *[partial(player.post, mine=1) for player in table.players]])
    assert [one for one in results[CLICKS:] if not isinstance(one, dict)] == []
    table.work()
    answers = [item for item in table.items("response") if item["path"] == "rounds[1]/name"]
    assert sorted(item["participant_id"] for item in answers) == [player.id for player in table.players]
    assert {item["path"] for item in table.items("place")} == {"rounds[2]/name"}
    total = sum(item["answers"][0]["answer"] for item in answers)
    assert table.points() == [total] * 3
    assert table.items("study_group")[0]["state"] == {"released": 1}


def test_a_group_whose_pages_are_closed_is_moved_on_to_the_end(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, early(0, 3), 3)
    for player in table.players:
        player.get()
        player.post()
    table.work()
    network_id = table.items("study_group")[0]["network_id"]
    for number in (1, 2):
        moved = click(table, move_on_from, str(network_id), f"rounds[{number}]/name")
        assert moved.moved == [1, 2, 3]
        table.clock.turn(seconds=3)
        table.work()
    assert {item["path"] for item in table.items("place")} == {"end"}
    assert table.points() == [30, 30, 30]
