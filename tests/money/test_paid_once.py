"""Whatever fails, and whenever: everything owed is paid once, to the cent, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.recruiters.mturk.requester import Requester
from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite import SQLiteEngine
from infra.local.moto_engine import NewEngine
from tests.tools.mturk import MTurkStandIn

from .prolific import AtProlific, Line
from .schedule import play
from .sides import Side
from .turk import ForgetfulTurk, Turk

AT_A_TIME = 20
#: Batches of so many seeds: over SQLite, and, where each takes longer, over DynamoDB.
BATCHES, DYNAMODB_BATCHES = range(24), range(24, 26)
NewSide = Callable[[int], Side]


@pytest.fixture(params=["mturk", "prolific"])
def new_side(request: pytest.FixtureRequest) -> NewSide:
    """Makes a vendor for a seed, with empty books."""
    if request.param == "mturk":
        standin: MTurkStandIn = request.getfixturevalue("standin")
        requester: Requester = request.getfixturevalue("requester")
        return lambda seed: Turk(standin, requester)
    line: Line = request.getfixturevalue("line")
    return lambda seed: AtProlific(line, timedelta(minutes=(0, 1, 10)[seed % 3]))


def seeds(batch: int) -> list[int]:
    """Return the seeds of a batch; PETRI_SEED names the one that is to be played alone."""
    alone = os.environ.get("PETRI_SEED")
    named = range(batch * AT_A_TIME, (batch + 1) * AT_A_TIME)
    return [seed for seed in named if alone in (None, str(seed))]


def play_all(batch: int, new_side: NewSide, new_engine: Callable[[int], Engine]) -> None:
    for seed in seeds(batch):
        engine = new_engine(seed)
        try:
            play(seed, new_side(seed), engine)
        except Exception as error:
            test = os.environ["PYTEST_CURRENT_TEST"].split()[0]
            alone = f"PETRI_SEED={seed} pytest '{test}'"
            raise AssertionError(f"Seed {seed} fails; to play it alone: {alone}\n{error}") from error
        finally:
            engine.close()


@pytest.mark.parametrize("batch", BATCHES)
def test_everything_owed_is_paid_once_over_sqlite(batch: int, new_side: NewSide) -> None:
    play_all(batch, new_side, lambda _: SQLiteEngine(":memory:"))


@pytest.mark.parametrize("batch", DYNAMODB_BATCHES)
def test_everything_owed_is_paid_once_over_dynamodb(
    batch: int, new_side: NewSide, new_dynamodb: NewEngine
) -> None:
    play_all(batch, new_side, lambda seed: new_dynamodb(f"money-{seed}"))


def test_a_recruiter_that_pays_again_on_each_retry_is_caught(
    standin: MTurkStandIn, requester: Requester
) -> None:
    with pytest.raises(AssertionError, match="too much"):
        play_all(0, lambda _: Turk(standin, requester, ForgetfulTurk), lambda _: SQLiteEngine(":memory:"))
