"""The answer to a change over the API is kept for repeated requests, until it expires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import Unprocessable
from chalicelib.model import keys
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context, Request
from chalicelib.operations.shared.idempotency import previous_answer, record_answer
from chalicelib.services import App
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.factories import NOW, an_app
from tests.web.clock import HandClock

KEY = keys.api_answer("user:ada", "r1")


@pytest.fixture
def engine() -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(":memory:")
    yield engine
    services.use(None)
    engine.close()


@pytest.fixture
def app(engine: SQLiteEngine) -> App:
    app = an_app(engine)
    services.use(app)
    return app


def record(app: App, answer: dict[str, Any], request: Request) -> None:
    app.run(record_answer, "user:ada", answer, caller=OPERATOR_CALLER, request=request)


def answer_of(app: App, request: Request, *, actor: str = "user:ada") -> Any:
    return app.run(previous_answer, actor, caller=OPERATOR_CALLER, request=request)


def test_a_repeated_request_of_the_same_actor_gets_the_first_answer(app: App) -> None:
    asked = Request("r1", "approve 1")
    assert answer_of(app, asked) is None
    record(app, {"id": 1}, asked)
    assert answer_of(app, asked) == {"id": 1}
    assert answer_of(app, asked, actor="user:bob") is None
    assert answer_of(app, Request("r2", "approve 1")) is None
    assert answer_of(app, Request(None, "approve 1")) is None
    with pytest.raises(Unprocessable):
        answer_of(app, Request("r1", "approve 2"))


def test_a_request_without_an_id_is_not_recorded(app: App) -> None:
    record(app, {"id": 1}, Request(None, "approve 1"))
    assert app.run(lambda ctx: ctx.uow.item(KEY)) is None


def test_an_answer_expires_two_days_after_its_request(app: App) -> None:
    clock = app.clock = HandClock(NOW)
    asked = Request("r1", "approve 1")
    record(app, {"id": 1}, asked)
    clock.turn(days=2, seconds=-1)
    assert answer_of(app, asked) == {"id": 1}
    clock.turn(seconds=1)
    assert answer_of(app, asked) is None


def test_an_expired_answer_is_replaced_by_that_of_a_new_request(app: App) -> None:
    clock = app.clock = HandClock(NOW)
    record(app, {"id": 1}, Request("r1", "approve 1"))
    clock.turn(days=3)
    record(app, {"id": 2}, Request("r1", "approve 2"))
    assert answer_of(app, Request("r1", "approve 2")) == {"id": 2}


@pytest.mark.parametrize("has_expired", [False, True])
def test_of_two_requests_with_one_id_at_once_one_is_committed(app: App, has_expired: bool) -> None:
    clock = app.clock = HandClock(NOW)
    asked = Request("r1", "approve 1")
    if has_expired:
        record(app, {"id": 0}, asked)
        clock.turn(days=3)
    others = [{"id": 1}]

    def approve(ctx: Context) -> Any:
        earlier = previous_answer(ctx, "user:ada")
        if earlier is not None:
            return earlier
        if others:
            record(app, others.pop(), asked)
        record_answer(ctx, "user:ada", {"id": 2})
        return {"id": 2}

    assert app.run(approve, caller=OPERATOR_CALLER, request=asked) == {"id": 1}
    assert answer_of(app, asked) == {"id": 1}
