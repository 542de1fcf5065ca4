"""Stages for the tests of sockets, rooms and timers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import app
from chalicelib import services
from chalicelib.experiment.experiment import Experiment
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.realtime.experiments import Meeting
from tests.realtime.stage import Stage, open_stage

NewStage = Callable[..., Stage]

# As the local host does it: otherwise Chalice asks for a region.
app.websocket_api.configure("localhost", "api")


@pytest.fixture
def new_stage() -> Iterator[NewStage]:
    """Makes stages over SQLite in memory: `new_stage(Experiment, setting=value)`."""
    opened: list[Stage] = []

    def make(experiment_class: type[Experiment] = Meeting, **settings: Any) -> Stage:
        made = open_stage(experiment_class, SQLiteEngine(":memory:"), **settings)
        opened.append(made)
        return made

    yield make
    services.use(None)
    for each in opened:
        each.world.engine.close()


@pytest.fixture
def stage(new_stage: NewStage) -> Stage:
    return new_stage()
