"""A group waits for a member who is away: over every engine, and when several things happen at once."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest

from chalicelib.operations.realtime import dropouts
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.groups.departures import follow_presence
from chalicelib.storage.engine import Engine
from chalicelib.study.player import StudyGroup
from petri.study import End, Form, Group, Page, Rounds, Study, Wait, number
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table

PATIENCE = 30


class Patient(Study):
    """Three members who wait for each other."""

    mine = number("Which number?", minimum=0, maximum=10)
    timeline = (
        Group(3, dropout_policy="wait", patience_seconds=PATIENCE),
        Rounds(2, [Page("name", ask="mine", seconds=60, on_timeout={"mine": 0}), Wait()]),
        End(),
    )


def seated(table: Table) -> Table:
    for _ in range(2):
        for player in table.players:
            player.get()
        table.work()
    return table


def lose(player: Player) -> None:
    player.app.run(lambda ctx: dropouts.record_disconnect(ctx, ctx.uow.participant(player.id)))


def return_(player: Player) -> None:
    def act(ctx: Context) -> None:
        dropouts.record_return(ctx, ctx.uow.participant(player.id))

    player.app.run(act)


def follow(player: Player) -> None:
    """Handle the message about a member's presence, as the queue may do twice and at any moment."""
    player.app.run(follow_presence, player.id)


def test_the_record_of_an_answer_says_whether_it_was_filled_in(engine: Engine, seat_players: Seat) -> None:
    """The first has entered the answer that counts for those who enter nothing."""
    table = seated(seat_players(engine, Patient, 3))
    first, *others = table.players
    table.clock.turn(seconds=60)
    first.post(is_timeout=True, mine=0)
    table.clock.turn(seconds=3)
    for player in others:
        player.get()
    table.work()
    found = {
        response["participant_id"]: response["answers"][0].get("missed", False)
        for response in table.items("response")
        if response["round"] == 1
    }
    assert found == {first.id: False, **{player.id: True for player in others}}


def is_paused(table: Table) -> bool:
    (group,) = table.items("study_group")
    assert ("paused_at" in group) == bool(group.get("away"))
    return "paused_at" in group


def test_a_pause_is_stored_and_over_when_the_member_is_back(engine: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(engine, Patient, 3))
    gone = table.players[2]
    lose(gone)
    table.work()
    assert is_paused(table)
    table.clock.turn(seconds=20)
    return_(gone)
    table.work()
    assert not is_paused(table)
    assert table.players[0].get()["seconds_left"] == 60
    assert table.items("study_group")[0]["paused_seconds"] == pytest.approx(20)


def test_a_member_who_returns_as_the_patience_ends_is_in_the_group_or_out_of_it(
    shared: Engine, seat_players: Seat
) -> None:
    table = seated(seat_players(shared, Patient, 3))
    one, other, gone = table.players
    lose(gone)
    table.work()
    table.clock.turn(seconds=PATIENCE)
    results = at_once([partial(follow, gone), gone.get, one.get, partial(follow, gone), other.get])
    assert [result for result in results if isinstance(result, Exception)] == []
    table.work()
    assert not is_paused(table)
    has_left = table.place(gone).get("ended") == "left"
    assert gone.get()["kind"] == ("end" if has_left else "page")
    assert [one.get()["paused"], other.get()["paused"]] == [None, None]


def test_absences_that_begin_at_once_are_all_stored(shared: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(shared, Patient, 3))
    for player in table.players:
        lose(player)
    results = at_once([partial(follow, player) for player in table.players])
    assert [result for result in results if isinstance(result, Exception)] == []
    (group,) = table.items("study_group")
    assert sorted(group["away"]) == [str(player.id) for player in table.players]
    for player in table.players[:2]:
        return_(player)
    table.work()
    assert is_paused(table)


def test_no_page_expires_while_members_come_and_go(shared: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(shared, Patient, 3))
    gone = table.players[2]
    for before, after in pairwise(range(0, 60, PATIENCE // 3)):
        lose(gone)
        table.work()
        table.clock.turn(seconds=after - before)
        results = at_once(
            [partial(return_, gone), partial(follow, gone), *[one.get for one in table.players]]
        )
        assert [result for result in results if isinstance(result, Exception)] == []
        table.work()
    assert not is_paused(table)
    assert table.items("response") == []
    assert table.players[0].get()["seconds_left"] == 60


class Strict(Study):
    """A group that ends with the first member who disconnects; a question follows for each alone."""

    mine = number("Which number?", minimum=0, maximum=10)
    opinion = number("How was it?", minimum=0, maximum=10)
    timeline = (
        Group(3, dropout_policy="end"),
        Rounds(2, [Page("name", ask="mine"), Wait(then="close")]),
        Form("after", ask="opinion"),
        End(),
    )

    def close(self, group: StudyGroup) -> None:
        for player in group.living:
            player.earn(1)


def test_a_group_that_ends_lets_its_members_go_on_behind_its_rounds(
    engine: Engine, seat_players: Seat
) -> None:
    table = seated(seat_players(engine, Strict, 3))
    assert [player.get()["page"] for player in table.players] == ["name"] * 3
    lose(table.players[2])
    table.work()
    assert [player.get()["page"] for player in table.players] == ["after"] * 3
    for player in table.players:
        assert player.post(opinion=5)["kind"] == "end"
    table.work()
    assert table.payments() == {player.id: ["base"] for player in table.players}


def test_a_group_ends_once_while_its_members_answer(shared: Engine, seat_players: Seat) -> None:
    table = seated(seat_players(shared, Strict, 3))
    one, other, gone = table.players
    for player in table.players:
        player.get()
    lose(gone)
    results = at_once(
        [partial(follow, gone), partial(one.post, mine=3), partial(follow, gone), partial(other.post, mine=4)]
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    table.work()
    assert [player.get()["page"] for player in table.players] == ["after"] * 3
    assert [place.get("alone_from") for place in table.items("place")] == ["after"] * 3
    assert {str(points) for points in table.points()} == {"0"}


def test_those_who_wait_for_a_group_are_counted(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Strict, 2)
    one, other = table.players
    assert one.get()["arrived"] == "1 of 3 people are here"
    assert other.get()["arrived"] == "2 of 3 people are here"
