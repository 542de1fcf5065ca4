"""Peers who arrive at the same moment, over every engine: no one is left over."""

from __future__ import annotations

from functools import partial

from chalicelib.storage.engine import Engine
from petri.study import End, PeerInstruction, Study, choice
from tests.contract.factories import at_once
from tests.study.contract.players import Seat, Table


class Voting(Study):
    """A question on which people have different opinions."""

    best = choice("Which is best?", ["a", "b"])
    timeline = (PeerInstruction("best", seconds=60, wait_seconds=30), End())


def sizes(table: Table) -> list[int]:
    return sorted(len(item["members"]) for item in table.items("study_group"))


def vote_at_once(table: Table, count: int) -> None:
    for player in table.players:
        player.get()
    voting = table.players[:count]
    votes = [partial(player.post, best="ab"[number % 2]) for number, player in enumerate(voting)]
    results = at_once(votes)
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()


def test_an_odd_number_who_vote_at_once_leaves_no_one_alone(crowded: Engine, seat_players: Seat) -> None:
    count = 5
    table = seat_players(crowded, Voting, count + 1)
    vote_at_once(table, count)
    table.clock.turn(seconds=33)
    table.work()
    for player in table.players[:count]:
        player.get()
    assert (sum(sizes(table)), set(sizes(table))) == (count, {2, 3})
    assert {player.get()["kind"] for player in table.players[:count]} == {"chat"}
    assert table.items("pooled") == []


def test_both_votes_are_stored_over_every_engine(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Voting, 2)
    for player, vote in zip(table.players, "ab", strict=True):
        player.get()
        player.post(best=vote)
    table.work()
    assert [player.get()["kind"] for player in table.players] == ["chat"] * 2
    table.clock.turn(seconds=63)
    table.work()
    for player in table.players:
        assert player.get()["page"] == "best_revote"
        assert player.post(best="a")["kind"] == "end"
    answers = sorted(
        (item["participant_id"], one["attempt"], one["answer"])
        for item in table.items("response")
        for one in item.get("answers", ())
    )
    assert answers == [(1, 1, "a"), (1, 2, "a"), (2, 1, "b"), (2, 2, "a")]
