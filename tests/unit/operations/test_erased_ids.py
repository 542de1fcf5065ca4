"""A worker whose data were erased is recognised by a pseudonym, which the run's own key makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import services
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import (
    erasure_key,
    is_erased_assignment,
    is_erased_worker,
    make_pseudonym,
)
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import an_app, arrive


@pytest.fixture
def app() -> Iterator[App]:
    engine = SQLiteEngine(":memory:")
    app = an_app(engine)
    services.use(app)
    yield app
    services.use(None)
    engine.close()


def recognised(app: App, name: str) -> tuple[bool, bool]:
    """Whether a worker, and whether an assignment of this name, is known as erased."""
    return app.run(lambda ctx: (is_erased_worker(ctx, name), is_erased_assignment(ctx, name)))


def test_a_run_without_an_erasure_has_no_key_and_recognises_no_worker(app: App) -> None:
    arrive(app, "w1", "a1")
    assert recognised(app, "w1") == recognised(app, "a1") == (False, False)
    assert app.run(lambda ctx: ctx.uow.item(keys.ERASURE)) is None


def test_the_key_of_a_run_is_drawn_once(app: App) -> None:
    first = app.run(erasure_key)
    assert len(bytes.fromhex(first)) == 32
    assert app.run(erasure_key) == first
    assert app.run(lambda ctx: ctx.uow.item(keys.ERASURE)["key"]) == first


def test_an_erased_worker_and_an_erased_assignment_are_recognised_each_by_itself(app: App) -> None:
    key = app.run(erasure_key)

    def erase(ctx: Context) -> None:
        worker, assignment = make_pseudonym(key, "w1"), make_pseudonym(key, "a1")
        ctx.uow.put_item(keys.worker(worker), "worker", {"participant_ids": [1]})
        ctx.uow.put_item(keys.assignment(assignment), "assignment", {"participant_id": 1})

    app.run(erase)
    assert recognised(app, "w1") == (True, False)
    assert recognised(app, "a1") == (False, True)
    assert recognised(app, "w2") == (False, False)


def test_a_pseudonym_depends_on_the_key_and_does_not_contain_the_id() -> None:
    one, other = "11" * 32, "22" * 32
    made = make_pseudonym(one, "worker-17")
    assert made == make_pseudonym(one, "worker-17")
    assert len({made, make_pseudonym(other, "worker-17"), make_pseudonym(one, "worker-18")}) == 3
    assert made.startswith("erased-")
    assert "worker-17" not in made
    assert len(made) == len("erased-") + 32
