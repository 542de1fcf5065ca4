"""Participants who grade each other's answers at the same moment, over every engine."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from chalicelib.storage.engine import Engine
from petri.study import End, Form, GradePeers, Study, text
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table

WRITERS, EACH = 5, 2


class Essays(Study):
    """An essay that two others grade."""

    essay = text("Why?", points=10, grading="peer")
    timeline = (Form("write", ask="essay"), GradePeers("essay", answers=EACH, wait_seconds=30), End())


def claims(table: Table) -> list[tuple[int, int]]:
    """Return grader and author of each seat that was taken."""
    return [
        (grader, item["participant_id"])
        for item in table.items("peer_answer")
        for grader in item.get("graders", ())
    ]


def grade(player: Player) -> dict[str, Any]:
    return player.post(**dict.fromkeys(player.last["items"], "5"))


def test_those_who_grade_at_once_take_seats_and_give_each_grade_once(
    crowded: Engine, seat_players: Seat
) -> None:
    table = seat_players(crowded, Essays, WRITERS)
    for player in table.players:
        player.get()
    posts = at_once([partial(one.post, essay=f"Essay {one.id}.") for one in table.players])
    assert [result for result in posts if not isinstance(result, dict)] == []
    table.clock.turn(seconds=33)
    table.work()
    assert {player.get()["page"] for player in table.players} == {"essay_grading"}
    taken = claims(table)
    assert Counter(grader for grader, _ in taken) == dict.fromkeys(range(1, WRITERS + 1), EACH)
    assert all(grader != author for grader, author in taken)
    assert max(Counter(author for _, author in taken).values()) <= EACH + 1
    results = at_once([partial(grade, one) for one in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    given = [(int(item["answers"][0]["graded_by"]), item["participant_id"]) for item in table.items("grade")]
    assert sorted(given) == sorted(taken)
    assert table.points() == [10] * WRITERS
