"""How often a request about a page calls the database: each call costs a participant some 5 ms on AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import AnswersRefused
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.engine_wrapper import EngineWrapper
from tests.study.contract.players import Seat, Table, sums

CALLS = (
    "get",
    "get_isolated",
    "query",
    "query_until",
    "query_known",
    "query_each",
    "page",
    "get_fields",
    "count",
    "increment",
    "commit",
)


class CountingEngine(EngineWrapper):
    """Passes everything on to an engine, and notes which calls were made."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.made: list[str] = []


def _counted(name: str) -> Callable[..., Any]:
    def call(self: CountingEngine, *given: Any, **more: Any) -> Any:
        self.made.append(name)
        return getattr(self._engine, name)(*given, **more)

    return call


for _name in CALLS:
    setattr(CountingEngine, _name, _counted(_name))


def calls_of(table: Table, act: Callable[[], Any]) -> list[str]:
    counting = CountingEngine(table.engine)
    table.app.store = EngineStore(counting)
    act()
    table.app.store = EngineStore(table.engine)
    return counting.made


@pytest.fixture
def alone(sqlite: Engine, seat_players: Seat) -> Table:
    from petri.study import End, Page

    timeline = (Page("first", ask="mine"), Page("second", ask="mine"), End())
    return seat_players(sqlite, type("Alone", (sums(2),), {"timeline": timeline}), 1)


@pytest.fixture
def pair(sqlite: Engine, seat_players: Seat) -> Table:
    table = seat_players(sqlite, sums(2), 2, {"name": "{{ group.id }}"})
    for player in table.players:
        player.get()
        player.post()
    table.work()
    for player in table.players:
        player.get()
    return table


def test_showing_a_page_again_is_one_call(alone: Table) -> None:
    (player,) = alone.players
    player.get()
    assert calls_of(alone, player.get) == ["get"]


def test_answering_alone_is_two_calls(alone: Table) -> None:
    (player,) = alone.players
    player.get()
    assert calls_of(alone, lambda: player.post(mine=1)) == ["get", "commit"]


def test_a_stale_answer_is_one_call(alone: Table) -> None:
    (player,) = alone.players
    player.get()
    assert calls_of(alone, lambda: player.post(99, mine=1)) == ["get"]


def refused(act: Callable[[], Any]) -> Callable[[], None]:
    def call() -> None:
        with pytest.raises(AnswersRefused):
            act()

    return call


def test_a_refused_answer_is_two_calls(alone: Table) -> None:
    (player,) = alone.players
    player.get()
    assert calls_of(alone, refused(lambda: player.post(mine=-1))) == ["get", "get_isolated"]


def test_showing_a_page_to_a_member_is_two_calls(pair: Table) -> None:
    assert calls_of(pair, pair.players[0].get) == ["get", "get"]


def test_the_answer_of_a_member_who_then_waits_is_three_calls(pair: Table) -> None:
    first = pair.players[0]
    assert calls_of(pair, lambda: first.post(mine=1)) == ["get", "commit", "get"]


def test_the_answer_that_releases_a_wait_is_two_commits_with_a_call_before_each(pair: Table) -> None:
    first, last = pair.players
    first.post(mine=1)
    assert calls_of(pair, lambda: last.post(mine=1)) == ["get", "commit"] * 2
