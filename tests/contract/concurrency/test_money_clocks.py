"""Clocks that tick at the same moment, over each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import services
from chalicelib.experiment.routes import ScheduledFunction
from chalicelib.operations.schedule import ticks
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.workers import scheduler
from tests.contract.factories import NOW, an_app, at_once

CLOCKS = 4


class Noon:
    """Stands still."""

    def now(self) -> object:
        return NOW


@pytest.fixture
def ticked(crowded: Engine) -> Iterator[tuple[App, list[str]]]:
    """A run whose minute was ticked by several clocks at once, and what they called."""
    called: list[str] = []
    app = an_app(crowded)
    app.clock = Noon()  # type: ignore[assignment]
    app.scheduled = [ScheduledFunction(1, "round", lambda: called.append("round"), is_method=False)]
    services.use(app)
    at_once([scheduler.tick] * CLOCKS)
    yield app, called
    services.use(None)


def test_several_clocks_do_a_minute_once(ticked: tuple[App, list[str]]) -> None:
    assert ticked[1] == ["round"]


def test_several_clocks_leave_one_record_of_each_job(ticked: tuple[App, list[str]]) -> None:
    jobs = [tick["job"] for tick in ticked[0].run(ticks.list_ticks)]
    assert len(jobs) == len(set(jobs))
    # DynamoDB deletes what has expired itself; elsewhere a job does.
    assert set(jobs) - {"expired_records"} == {"scheduled round", "sockets", "sweep"}
