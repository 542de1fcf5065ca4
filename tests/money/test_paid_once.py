"""Whatever fails, and whenever: everything owed is paid once, to the cent, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest

from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.moto.moto_engine import NewEngine

from .prolific import AtProlific, Line
from .run import Run
from .schedule import play
from .sides import Side
from .turk import Connection, ForgetfulTurk, Turk

#: A thousand seeds over SQLite for both vendors together, 30 ms each; over moto, where each takes a second
#: and more, some of few people.
BATCHES = [range(start, start + 50) for start in range(0, 500, 50)]
DYNAMODB_BATCHES = [range(start, start + 3) for start in range(500, 506, 3)]
NewSide = Callable[[int], Side]
EVERY_END = {
    *("approved", "bad_data", "did_not_attend", "overrecruited", "screened_out", "rejected"),
    *(
        "returned",
        "abandoned",
        "replaced",
        "missing_notification",
        "released: waiting",
        "released: withdrawn",
    ),
}
EVERY_STATE = {"due", "sending", "paid", "refused", "held"}


@pytest.fixture(params=["mturk", "prolific"])
def new_side(request: pytest.FixtureRequest) -> NewSide:
    """Makes a vendor for a seed, with empty books."""
    if request.param == "mturk":
        connection: Connection = request.getfixturevalue("connection")
        return lambda _: Turk(connection)
    line: Line = request.getfixturevalue("line")
    return lambda seed: AtProlific(line, timedelta(minutes=(0, 1, 10)[seed % 3]))


@pytest.fixture(scope="session")
def sqlite() -> Iterator[Callable[[int], Engine]]:
    """Empties the one engine for each seed: opening one takes longer than many a schedule."""
    engine = SQLiteEngine(":memory:")

    def emptied(_: int) -> Engine:
        engine._connection.execute("DELETE FROM item")
        return engine

    yield emptied
    engine.close()


def play_all(
    seeds: Iterable[int], new_side: NewSide, new_engine: Callable[[int], Engine], most_people: int = 4
) -> Iterator[Run]:
    """Play seeds and give their runs; PETRI_SEED names the one that is to be played alone."""
    alone = os.environ.get("PETRI_SEED")
    for seed in seeds:
        if alone in (None, str(seed)):
            yield play_one(seed, new_side(seed), new_engine(seed), most_people)


def play_one(seed: int, side: Side, engine: Engine, most_people: int) -> Run:
    try:
        return play(seed, side, engine, most_people)
    except Exception as error:
        test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)")
        alone = f"PETRI_SEED={seed} pytest '{test}'"
        raise AssertionError(f"Seed {seed} fails; to play it alone: {alone}\n{error}") from error


@pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_everything_owed_is_paid_once_over_sqlite(
    seeds: range, new_side: NewSide, sqlite: Callable[[int], Engine]
) -> None:
    list(play_all(seeds, new_side, sqlite))


@pytest.mark.parametrize("seeds", DYNAMODB_BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_everything_owed_is_paid_once_over_dynamodb(
    seeds: range, new_side: NewSide, new_dynamodb: NewEngine
) -> None:
    list(play_all(seeds, new_side, lambda seed: new_dynamodb(f"money-{seed}"), most_people=2))


#: Schedules that failed once, each for a cause of its own.
FAILED_ONCE = (
    # A compensation that was refused, and a bonus of the same amount that was paid before it was released.
    100_035,
)


@pytest.mark.parametrize("seed", FAILED_ONCE)
def test_a_schedule_that_failed_once_pays_everything_once(
    seed: int, new_side: NewSide, sqlite: Callable[[int], Engine]
) -> None:
    list(play_all([seed], new_side, sqlite))


def test_the_schedules_come_past_every_end_and_every_state_of_a_payment(
    new_side: NewSide, sqlite: Callable[[int], Engine]
) -> None:
    ends: set[str] = set()
    states: set[str] = set()
    for run in play_all(range(1000, 1060), new_side, sqlite):
        ends |= run.ends()
        states |= run.states_of_payments()
    # Prolific reuses no ids, so no participant is replaced there.
    missed = EVERY_END - ends - ({"replaced"} if run.side.nickname == "prolific" else set())
    assert (missed, EVERY_STATE - states) == (set(), set())


def test_a_recruiter_that_pays_again_on_each_retry_is_caught(
    connection: Connection, sqlite: Callable[[int], Engine]
) -> None:
    with pytest.raises(AssertionError, match="too much"):
        list(play_all(range(40), lambda _: Turk(connection, ForgetfulTurk), sqlite))
