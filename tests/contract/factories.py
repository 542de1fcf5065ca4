"""An app over an engine, people who take part in it at once, and what is stored in the end."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from chalicelib import bootstrap
from chalicelib.errors import Conflict, NetworkBusy, PetriError
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Empty
from chalicelib.model.network import Network
from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import ANYONE, OPERATOR_CALLER, Caller, Request
from chalicelib.services import App, use
from chalicelib.storage.engine import Engine, Item, Key, Write
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.tools.torn import TornEngine

T = TypeVar("T")
ANY_CALLER = Caller(ANYONE)
NOW = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)


class OneRoom(Experiment):
    """One Empty network; tests override `make` for another."""

    make: Callable[[], Network] = staticmethod(Empty)

    def configure(self) -> None:
        self.experiment_repeats = 1

    def create_network(self) -> Network:
        return type(self).make()


def an_app(engine: Engine, experiment_class: type[Experiment] = OneRoom, **settings: Any) -> App:
    """Build the app of a run that has been launched."""
    app = not_launched(engine, experiment_class, **settings)
    app.run(launch, caller=OPERATOR_CALLER)
    app.conflicts = 0
    return app


def not_launched(engine: Engine, experiment_class: type[Experiment] = OneRoom, **settings: Any) -> App:
    config = {"mode": "debug", "auto_recruit": False, **settings}
    app = bootstrap.local(experiment_class, config, app_id="contract", engine=engine)
    # The first post of a run enables its clock, in a separate commit, which another suite tests.
    app.enable_schedule()
    use(None)
    return app


def a_room(network: Callable[[], Network], **more: Any) -> type[OneRoom]:
    """Return an experiment with one such network; more are its hooks."""
    return type("Room", (OneRoom,), {"make": staticmethod(network), **more})


# -- what people do -----------------------------------------------------------------------------


def arrive(app: App, name: str, assignment: str | None = None) -> int:
    """Create a participant; return the id."""
    entry = EntryRequest(worker_id=name, hit_id="h", assignment_id=assignment or f"a-{name}")
    return int(app.run(create_participant, entry, caller=ANY_CALLER)["participant"]["id"])


def arrived(app: App, count: int) -> list[int]:
    return [arrive(app, f"w{number}") for number in range(count)]


def take_place(app: App, participant_id: int, request_id: str | None = None) -> dict[str, Any]:
    """POST /node; return the node."""
    request = Request(request_id, "join")
    node: dict[str, Any] = app.run(join_network, participant_id, {}, caller=ANY_CALLER, request=request)[
        "node"
    ]
    return node


def say(app: App, node_id: int, contents: str = "x", request_id: str | None = None) -> dict[str, Any]:
    """POST /info; return the info."""
    asked = {"contents": contents, "info_type": None, "failed": False, "fields": {}}
    request = Request(request_id, contents)
    info: dict[str, Any] = app.run(create_info, node_id, caller=ANY_CALLER, request=request, **asked)["info"]
    return info


def patiently(engine: Engine, act: Callable[[], T]) -> T:
    """Do what a page does while the person ahead hasn't answered: ask again in a moment."""
    # moto needs some 30 ms of the processor for each question.
    longest = 0.05 if isinstance(engine, SQLiteEngine | TornEngine) else 2.0
    jitter = random.Random()
    for _ in range(400):
        try:
            return act()
        except NetworkBusy:
            time.sleep(jitter.uniform(0, longest))
    raise AssertionError("The network stayed busy.")


# -- at once ------------------------------------------------------------------------------------


def at_once(acts: Sequence[Callable[[], T]]) -> list[T | PetriError]:
    """Call each in a thread of its own, beginning together; return what each gave or was refused with."""
    barrier = threading.Barrier(len(acts))

    def begin(act: Callable[[], T]) -> T | PetriError:
        barrier.wait()
        try:
            return act()
        except PetriError as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(begin, acts))


def refusals(results: Iterable[Any]) -> list[str]:
    """Return the codes of those who were refused."""
    return [result.code for result in results if isinstance(result, PetriError)]


# -- what is stored -----------------------------------------------------------------------------


def begin(engine: Engine, now: datetime | None = None) -> EngineUnitOfWork:
    return EngineUnitOfWork(engine, now or datetime.now(UTC))


def read(engine: Engine, look: Callable[[EngineUnitOfWork], T]) -> T:
    """Return what a look gives; again, as an app does it, while half of a commit is seen."""
    while True:
        with begin(engine) as work:
            try:
                return look(work)
            except Conflict:
                time.sleep(0.001)


def seen(engine: Engine) -> dict[str, Any]:
    """Return all that a reader sees of every network, node, vector, info and transmission."""
    with begin(engine) as work:
        return {
            str(network.id): {
                "network": network.as_json(),
                "nodes": [record.as_json() for record in network.all_nodes],
                "vectors": [record.as_json() for record in network.all_vectors],
                "infos": [record.as_json() for record in network.all_infos],
                "transmissions": [record.as_json() for record in network.networks_transmissions],
            }
            for network in work.networks()
        }


def dump(engine: Engine) -> dict[Key, Item]:
    """Return every item of an engine, counters that may have gaps apart."""
    items = _all_items(engine)
    return {(item["pk"], item["sk"]): item for item in items if item["kind"] != "counter"}


def _all_items(engine: Any) -> Iterator[Item]:
    if isinstance(engine, TornEngine):
        engine = engine.inner
    # Processes that work on SQLite alone start in half the time without this.
    from chalicelib.storage.dynamodb.item_models import from_wire

    if not isinstance(engine, SQLiteEngine):
        for page in engine.client.get_paginator("scan").paginate(TableName=engine.table_name):
            yield from map(from_wire, page["Items"])
        return
    connection = sqlite3.connect(engine.path)
    keys = connection.execute("SELECT pk, sk FROM item").fetchall()
    connection.close()
    yield from engine.get(keys).values()


class Gaps:
    """Passes everything on to an engine, and calls `between` after each commit."""

    def __init__(self, engine: Engine, between: Callable[[], None]) -> None:
        self._engine = engine
        self._between = between
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def commit(self, writes: Sequence[Write]) -> None:
        self._engine.commit(writes)
        self.commits += 1
        self._between()
