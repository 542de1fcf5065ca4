"""The result of an expensive read serves other readers for a moment; that of a cheap one is read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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
