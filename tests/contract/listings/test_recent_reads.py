"""The result of an expensive read serves other readers for a moment; that of a cheap one is read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import InvalidState
from chalicelib.experiment.experiment import Experiment
from chalicelib.operations.listings import recent_reads
from chalicelib.operations.listings.recent_reads import recent
from chalicelib.operations.shared.context import Context
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import not_launched


class Clock:
    """The processor's and the wall's time, which a test sets."""

    def __init__(self) -> None:
        self.wall = self.used = 0.0
        self.reads = 0

    def monotonic(self) -> float:
        return self.wall

    def thread_time(self) -> float:
        return self.used

    def reading(self, seconds: float) -> Callable[[Context], int]:
        def read(ctx: Context) -> int:
            del ctx
            self.used += seconds
            self.reads += 1
            return self.reads

        return read


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(recent_reads, "time", found)
    return found


def test_an_expensive_read_is_kept_for_twenty_times_as_long(sqlite: SQLiteEngine, clock: Clock) -> None:
    app = not_launched(sqlite, Experiment)
    read: Any = clock.reading(0.1)
    found = []
    for wall in (0.0, 1.9, 2.0, 3.9, 4.1):
        clock.wall = wall
        found.append(app.run(recent, "progress", read))
    assert found == [1, 1, 2, 2, 3]


def test_a_cheap_read_is_read_again(sqlite: SQLiteEngine, clock: Clock) -> None:
    app = not_launched(sqlite, Experiment)
    assert [app.run(recent, "progress", clock.reading(0.01)) for _ in range(2)] == [1, 2]


def test_another_run_has_results_of_its_own(sqlite: SQLiteEngine, clock: Clock) -> None:
    read = clock.reading(1.0)
    assert not_launched(sqlite, Experiment).run(recent, "progress", read) == 1
    assert not_launched(sqlite, Experiment).run(recent, "progress", read) == 2


def test_while_one_thread_reads_others_use_the_result_of_a_moment_ago(
    sqlite: SQLiteEngine, clock: Clock
) -> None:
    app = not_launched(sqlite, Experiment)
    app.run(recent, "progress", clock.reading(0.1))
    found = []

    def read_beside_another(ctx: Context) -> int:
        found.append(app.run(recent, "progress", clock.reading(0.1)))
        return clock.reading(0.1)(ctx)

    clock.wall = 3.0
    assert app.run(recent, "progress", read_beside_another) == 2
    # What is older isn't used: all read.
    clock.wall = 60.0
    assert app.run(recent, "progress", read_beside_another) == 4
    assert found == [1, 3]


def test_after_a_read_that_fails_the_next_one_reads_soon(sqlite: SQLiteEngine, clock: Clock) -> None:
    app = not_launched(sqlite, Experiment)
    app.run(recent, "progress", clock.reading(0.1))
    clock.wall = 3.0

    def fail(ctx: Context) -> int:
        raise InvalidState("The author's code has failed.")

    with pytest.raises(InvalidState):
        app.run(recent, "progress", fail)
    clock.wall += recent_reads.WHILE_READING
    assert app.run(recent, "progress", clock.reading(0.1)) == 2
