"""The process dies before or after each commit of a game of three rounds, and participants reload."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.workers import scheduler
from tests.study.contract.players import Player, Seat, Table, sums
from tests.tools.engines import Crash, FailingEngine

PEOPLE, ROUNDS = 2, 3


def step(player: Player) -> str:
    """Reload, and answer what is due; a crash is left to the next reload."""
    try:
        page = player.get()
        if page["kind"] == "page":
            page = player.post(**({"mine": player.id} if page["items"] else {}))
    except Crash:
        return "crashed"
    return str(page["kind"])


def to_the_end(table: Table) -> None:
    """Let both play by turns; messages that a crash kept from being sent are swept a minute later."""
    for _ in range(12 * ROUNDS):
        if [step(player) for player in table.players] == ["end"] * PEOPLE:
            break
    for _ in range(3):
        try:
            table.work()
            table.clock.turn(minutes=3)
            scheduler.tick()
            table.work()
        except Crash:
            continue


def commits_of_a_game(table: Table) -> int:
    counting = FailingEngine(table.engine, fail_at=0)
    table.app.store = EngineStore(counting)
    to_the_end(table)
    return counting.commits


def outcome(table: Table) -> tuple[object, ...]:
    total = sum(player.id for player in table.players) * ROUNDS
    responses = [(item["participant_id"], item["path"]) for item in table.items("response")]
    return (
        table.points() == [total] * PEOPLE,
        table.items("study_group")[0]["state"],
        list(table.payments().values()),
        len(responses),
        len(set(responses)),
    )


WELL = (
    True,
    {"released": ROUNDS},
    [["base", "bonus"]] * PEOPLE,
    PEOPLE * (1 + ROUNDS),
    PEOPLE * (1 + ROUNDS),
)


def play_with_a_crash(table: Table, at: int, when: Literal["before", "after"]) -> None:
    table.app.store = EngineStore(FailingEngine(table.engine, fail_at=at, when=when))  # type: ignore[arg-type]
    to_the_end(table)


def fresh(seat_players: Seat, file: Path) -> Table:
    return seat_players(SQLiteEngine(file), sums(PEOPLE, ROUNDS), PEOPLE, points_per_dollar=10)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_commit_of_a_game_loses_nothing_and_pays_once(
    tmp_path: Path, seat_players: Seat, when: Literal["before", "after"]
) -> None:
    commits = commits_of_a_game(fresh(seat_players, tmp_path / "whole.sqlite"))
    assert commits > 20
    found = {}
    for at in range(1, commits + 1):
        table = fresh(seat_players, tmp_path / f"{at}.sqlite")
        play_with_a_crash(table, at, when)
        found[at] = outcome(table)
        table.engine.close()
    assert {at: one for at, one in found.items() if one != WELL} == {}


@pytest.mark.parametrize("at", [4, 9, 14])
def test_a_crash_over_dynamodb_loses_nothing(dynamodb: Engine, seat_players: Seat, at: int) -> None:
    table = seat_players(dynamodb, sums(PEOPLE, ROUNDS), PEOPLE, points_per_dollar=10)
    play_with_a_crash(table, at, "after")
    assert outcome(table) == WELL
