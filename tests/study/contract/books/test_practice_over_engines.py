"""Reviews over every engine: one for each answer, also with two devices at once; exported and erased."""

from __future__ import annotations

from functools import partial

from chalicelib.errors import Busy
from chalicelib.export import rows
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Engine
from tests.contract.factories import at_once
from tests.study.books.test_practice import PRACTICE, Course
from tests.study.contract.players import Player, Seat, Table


def practising(table: Table) -> Player:
    """Return a reader whom the first item is asked on the page for practice."""
    (player,) = table.players
    player.get()
    player.open("book/intro/halves")
    player.post(half=5, essay=None)
    player.get()
    player.open(PRACTICE)
    assert list(player.get()["items"]) == ["half"]
    return player


def test_answers_of_two_devices_at_once_are_one_review(crowded: Engine, seat_players: Seat) -> None:
    table = seat_players(crowded, Course, 1)
    player = practising(table)
    devices = [Player(table.app, player.id, 1, dict(player.last)) for _ in range(4)]
    results = at_once([partial(device.post, half=5) for device in devices])
    assert [one for one in results if not isinstance(one, dict | Busy)] == []
    assert [(one["item"], one["number"]) for one in table.items("review")] == [("half", 1)]
    assert [one["reviews"] for one in table.items("practice_card")] == [1]


def test_reviews_are_exported_and_erased_with_the_participant(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Course, 1)
    player = practising(table)
    player.post(half=4)
    (row,) = rows(engine, "review")
    assert (row["item"], row["rating"], row["correct"], row["page"]) == (
        *("half", "again", False, "book/intro/halves"),
    )
    player._requests().finish_book(player.get()["serial"], None)
    table.work()
    table.app.run(erase_participant, player.id, caller=OPERATOR_CALLER)
    table.work()
    assert (table.items("review"), table.items("practice_card")) == ([], [])
