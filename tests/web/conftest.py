"""Runs for the tests of the web API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib import services
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.routes import AuthorRoute
from chalicelib.operations.operator_messages.send_message import send_message
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.web.author_routes import unregister
from tests.web.experiments import Archipelago, Talk
from tests.web.world import Person, World, build_world

NewWorld = Callable[..., World]


@dataclass
class Scene:
    """Two people in one network, connected both ways; the first has made an info."""

    here: World
    one: Person
    other: Person
    node: int
    other_node: int
    info: int


@pytest.fixture
def world() -> Iterator[NewWorld]:
    """Makes runs over SQLite in memory: `world(Experiment, setting=value)`, launched unless told not to."""
    opened: list[World] = []

    def make(
        experiment_class: type[Experiment] = Talk,
        *,
        launch: bool = True,
        routes: list[AuthorRoute] | None = None,
        **settings: Any,
    ) -> World:
        made = build_world(experiment_class, SQLiteEngine(":memory:"), settings, routes or [])
        opened.append(made)
        return made.launch() if launch else made

    yield make
    services.use(None)
    for each in opened:
        unregister(each.chalice)
        each.engine.close()


@pytest.fixture
def scene(world: NewWorld) -> Scene:
    here = world(Talk)
    one, other = here.arrive(), here.arrive()
    node, other_node = one.join(), other.join()
    return Scene(here, one, other, node, other_node, one.answer(node, "hello"))


@pytest.fixture
def islands(world: NewWorld) -> Scene:
    """Two unconnected participants in a network, and a message to the first; a second one has free places."""
    here = world(Archipelago)
    one, other = here.arrive(), here.arrive()
    here.app.run(send_message, "Hello", str(one.id), caller=OPERATOR_CALLER)
    here.work()
    node, other_node = one.join(), other.join()
    return Scene(here, one, other, node, other_node, one.answer(node, "hello"))
