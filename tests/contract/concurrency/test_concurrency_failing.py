"""A network of 5,000 infos fails while people post: every reader sees all of it alive, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from chalicelib.errors import Busy
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.record_classes import all_cascades_are_default
from chalicelib.services import App
from chalicelib.storage.engine import Engine, Key, Write
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.factories import Gaps, an_app, at_once, begin, read, refusals, say

NODES = 50


def filled(engine: Engine, each: int) -> App:
    """Put nodes with so many infos each into network 1.

    A class of another test that overrides `failure_cascade` would fail each info in a write of its own.
    """
    assert all_cascades_are_default()
    app = an_app(engine)
    with begin(engine) as work:
        network = work.network(1)
        for _ in range(NODES):
            node = Node(network=network)
            for number in range(each):
                Info(origin=node, contents=str(number))
        work.commit()
    return app


@pytest.fixture
def large(sqlite: Engine) -> tuple[App, Engine]:
    """A network of 5,000 infos."""
    return filled(sqlite, 100), sqlite


def fail_network(ctx: Any) -> None:
    ctx.uow.network(1).fail("power cut")


def living(engine: Engine) -> tuple[int, int]:
    """Return how many living infos a reader lists, and how many it counts."""

    def look(work: EngineUnitOfWork) -> tuple[int, int]:
        network = work.network(1)
        return len(network.infos()), network.n_completed_infos

    return read(engine, look)


def test_a_network_that_fails_while_people_post_is_seen_whole(shared: Engine) -> None:
    # moto needs a millisecond of the processor for each info that is read.
    each = 100 if isinstance(shared, SQLiteEngine) else 20
    app = filled(shared, each)
    failed, gave_up = threading.Event(), threading.Event()
    seen: list[int] = []

    def watch() -> None:
        while not failed.is_set():
            seen.append(living(shared)[0])

    def post(node_id: int) -> None:
        while not gave_up.is_set():
            say(app, node_id)

    def fail() -> None:
        try:
            while not failed.is_set():
                # Busy asks a client to retry; any other error ends the test instead of letting it hang.
                with suppress(Busy):
                    app.run(fail_network)
                    failed.set()
        except BaseException:
            gave_up.set()
            failed.set()
            raise

    results = at_once([watch, fail, *(partial(post, 100_001 + n) for n in range(3))])
    whole = {count == 0 or count >= NODES * each for count in seen}
    assert (refusals(results), living(shared), whole <= {True}) == (["node_failed"] * 3, (0, 0), True)


def test_nothing_that_was_posted_survives_the_failing(large: tuple[App, Engine]) -> None:
    app, engine = large

    def fail_while_a_participant_posts(ctx: Any) -> None:
        ctx.uow.network(1).fail("power cut")
        say(app, 100_001, "late")

    app.run(fail_while_a_participant_posts)
    with begin(engine) as work:
        late = work.node(100_001).infos(failed="all")[-1]
        assert (late.contents, late.failed_reason) == ("late", "power cut->Network1->Node100001")


def test_failing_five_thousand_infos_writes_one_item(large: tuple[App, Engine]) -> None:
    _, engine = large
    written: list[Key] = []

    class Noting(Gaps):
        def commit(self, writes: Sequence[Write]) -> None:
            written.extend(write.key for write in writes)
            super().commit(writes)

    with begin(Noting(engine, lambda: None)) as work:
        work.network(1).fail("power cut")
        work.commit()
    assert written == [("networks", "00001")]


def test_a_node_that_fails_takes_its_infos_along_at_one_moment(large: tuple[App, Engine]) -> None:
    _, engine = large
    with begin(engine) as work:
        work.node(100_001).fail("left")
        work.commit()
    with begin(engine) as work:
        assert (work.node(100_001).infos(), work.network(1).n_completed_infos) == ([], (NODES - 1) * 100)
