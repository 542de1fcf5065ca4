"""A request id stands for one request: its repeat changes nothing, another request can't have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import Unprocessable
from chalicelib.operations.network.create_info import create_info
from chalicelib.operations.network.join_network import join_network
from chalicelib.operations.shared.context import Request
from chalicelib.operations.shared.idempotency import MAX_REMEMBERED
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import ANY_CALLER, an_app, arrive, dump, say, take_place

Ask = Callable[[Request], Any]


def ready(app: App, name: str) -> Ask:
    """Return what asks for one thing, with a request id."""
    person = arrive(app, "ann")
    if name == "join":
        return lambda request: app.run(join_network, person, {}, caller=ANY_CALLER, request=request)
    node = take_place(app, person)["id"]
    asked: dict[str, Any] = {"contents": "x", "info_type": None, "failed": False, "fields": {}}
    return lambda request: app.run(create_info, node, caller=ANY_CALLER, request=request, **asked)


@pytest.mark.parametrize("name", ["join", "post"])
def test_a_repeat_changes_nothing(engine: Engine, name: str) -> None:
    ask = ready(an_app(engine), name)
    ask(Request("r-1", "body"))
    before = dump(engine)
    ask(Request("r-1", "body"))
    assert dump(engine) == before


@pytest.mark.parametrize("name", ["join", "post"])
def test_a_repeat_gets_the_first_answer(engine: Engine, name: str) -> None:
    ask = ready(an_app(engine), name)
    assert ask(Request("r-1", "body")) == ask(Request("r-1", "body"))


@pytest.mark.parametrize("name", ["join", "post"])
def test_an_id_with_another_body_is_refused(engine: Engine, name: str) -> None:
    ask = ready(an_app(engine), name)
    ask(Request("r-1", "body"))
    with pytest.raises(Unprocessable):
        ask(Request("r-1", "another body"))


@pytest.mark.parametrize("name", ["join", "post"])
def test_a_refused_change_changes_nothing(engine: Engine, name: str) -> None:
    ask = ready(an_app(engine), name)
    ask(Request("r-1", "body"))
    before = dump(engine)
    with pytest.raises(Unprocessable):
        ask(Request("r-1", "another body"))
    assert dump(engine) == before


def test_the_last_twenty_requests_are_remembered(engine: Engine) -> None:
    app = an_app(engine)
    node = take_place(app, arrive(app, "ann"))["id"]
    made = [say(app, node, f"{n}", f"r-{n}")["id"] for n in range(MAX_REMEMBERED)]
    repeated = [say(app, node, f"{n}", f"r-{n}")["id"] for n in range(MAX_REMEMBERED)]
    assert (MAX_REMEMBERED, repeated) == (20, made)


def test_requests_without_an_id_are_carried_out_each_time(engine: Engine) -> None:
    app = an_app(engine)
    node = take_place(app, arrive(app, "ann"))["id"]
    assert say(app, node)["id"] != say(app, node)["id"]
