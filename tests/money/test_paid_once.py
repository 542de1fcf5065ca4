"""Whatever fails, and whenever: everything owed is paid once, to the cent, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite import SQLiteEngine
from infra.local.moto_engine import NewEngine

from .prolific import AtProlific, Line
from .schedule import play
from .sides import Side
from .turk import Connection, ForgetfulTurk, Turk

#: A thousand seeds over SQLite for both vendors together, 50 ms each; over moto, where each takes 1.5 s,
#: two dozen more.
BATCHES = [range(start, start + 20) for start in range(0, 500, 20)]
DYNAMODB_BATCHES = [range(start, start + 3) for start in range(500, 512, 3)]
NewSide = Callable[[int], Side]


@pytest.fixture(params=["mturk", "prolific"])
def new_side(request: pytest.FixtureRequest) -> NewSide:
    """Makes a vendor for a seed, with empty books."""
    if request.param == "mturk":
        connection: Connection = request.getfixturevalue("connection")
        return lambda _: Turk(connection)
    line: Line = request.getfixturevalue("line")
    return lambda seed: AtProlific(line, timedelta(minutes=(0, 1, 10)[seed % 3]))


def play_all(seeds: Iterable[int], new_side: NewSide, new_engine: Callable[[int], Engine]) -> None:
    """Play seeds; PETRI_SEED names the one that is to be played alone."""
    alone = os.environ.get("PETRI_SEED")
    for seed in seeds:
        if alone in (None, str(seed)):
            play_one(seed, new_side(seed), new_engine(seed))


def play_one(seed: int, side: Side, engine: Engine) -> None:
    try:
        play(seed, side, engine)
    except Exception as error:
        test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)")
        alone = f"PETRI_SEED={seed} pytest '{test}'"
        raise AssertionError(f"Seed {seed} fails; to play it alone: {alone}\n{error}") from error
    finally:
        engine.close()


@pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_everything_owed_is_paid_once_over_sqlite(seeds: range, new_side: NewSide) -> None:
    play_all(seeds, new_side, lambda _: SQLiteEngine(":memory:"))


@pytest.mark.parametrize("seeds", DYNAMODB_BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_everything_owed_is_paid_once_over_dynamodb(
    seeds: range, new_side: NewSide, new_dynamodb: NewEngine
) -> None:
    play_all(seeds, new_side, lambda seed: new_dynamodb(f"money-{seed}"))


def test_a_recruiter_that_pays_again_on_each_retry_is_caught(connection: Connection) -> None:
    with pytest.raises(AssertionError, match="too much"):
        play_all(range(40), lambda _: Turk(connection, ForgetfulTurk), lambda _: SQLiteEngine(":memory:"))
