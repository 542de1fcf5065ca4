"""A process dies before or after the commit of an operation: all of it has happened, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import pytest

from chalicelib.experiment.networks import Chain
from chalicelib.operations.network.transformations import create_transformation
from chalicelib.operations.network.transmissions import list_transmissions, transmit
from chalicelib.operations.network.vectors import connect_nodes
from chalicelib.operations.participant.completion import complete_participation
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.participant.questions import record_answer
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, Request
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from tests.contract.factories import ANY_CALLER, a_room, an_app, arrive, dump, not_launched, say, take_place
from tests.tools.engines import Crash, FailingEngine

Ready = Callable[[Engine], tuple[App, Callable[[], Any]]]
ASKED = Request("r-1", "f")


def two_in_a_chain(engine: Engine) -> tuple[App, list[int]]:
    app = an_app(engine, a_room(partial(Chain, max_size=9)))
    nodes = []
    for name in ("ann", "bob"):
        nodes.append(take_place(app, arrive(app, name))["id"])
        say(app, nodes[-1], f"by {name}")
    return app, nodes


def to_launch(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app = not_launched(engine)
    return app, lambda: app.run(launch, caller=OPERATOR_CALLER)


def to_arrive(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app = an_app(engine)
    entry = EntryRequest("eve", "h", "a-eve")
    return app, lambda: app.run(create_participant, entry, caller=OPERATOR_CALLER)


def to_replace(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, _ = two_in_a_chain(engine)
    entry = EntryRequest("eve", "h", "a-bob")
    return app, lambda: app.run(create_participant, entry, caller=OPERATOR_CALLER)


def to_join(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, _ = two_in_a_chain(engine)
    person = arrive(app, "eve")
    return app, lambda: take_place(app, person, "r-1")


def to_answer_first(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, _ = two_in_a_chain(engine)
    node = take_place(app, arrive(app, "eve"))
    return app, lambda: say(app, node["id"], "x", "r-1")


def to_post(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, nodes = two_in_a_chain(engine)
    return app, lambda: say(app, nodes[0], "more", "r-1")


def to_answer_a_question(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app = an_app(engine)
    person = arrive(app, "ann")
    asked: dict[str, Any] = {"question": "How?", "response": "Well", "number": 1, "fields": {}}
    return app, lambda: app.run(record_answer, person, caller=ANY_CALLER, request=ASKED, **asked)


def to_connect(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, nodes = two_in_a_chain(engine)
    return app, lambda: app.run(connect_nodes, nodes[1], nodes[0], "to", caller=ANY_CALLER, request=ASKED)


def to_transmit(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, nodes = two_in_a_chain(engine)
    return app, lambda: app.run(transmit, nodes[0], None, None, {}, caller=ANY_CALLER, request=ASKED)


def to_receive(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, nodes = two_in_a_chain(engine)
    app.run(transmit, nodes[0], None, None, {}, caller=ANY_CALLER)
    return app, lambda: app.run(
        list_transmissions, nodes[1], "incoming", "pending", caller=ANY_CALLER, request=ASKED
    )


def to_transform(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app, nodes = two_in_a_chain(engine)
    infos = [say(app, nodes[0], text)["id"] for text in ("in", "out")]
    asked: dict[str, Any] = {"transformation_type": None, "fields": {}}
    return app, lambda: app.run(
        create_transformation, nodes[0], *infos, caller=ANY_CALLER, request=ASKED, **asked
    )


def to_complete(engine: Engine) -> tuple[App, Callable[[], Any]]:
    app = an_app(engine)
    person = arrive(app, "ann")
    return app, lambda: app.run(complete_participation, person, caller=ANY_CALLER)


OPERATIONS: dict[str, Ready] = {
    name.removeprefix("to_"): ready for name, ready in list(globals().items()) if name.startswith("to_")
}
#: Those that a client sends with a request id, or that are harmless when they come again.
REPEATED = [name for name in OPERATIONS if name not in ("arrive", "replace")]


def crashed(app: App, engine: Engine, act: Callable[[], Any], when: Literal["before", "after"]) -> int:
    """Have the process die at the first commit; return how many commits were begun."""
    failing = FailingEngine(engine, fail_at=1, when=when)
    app.store = EngineStore(failing)
    with pytest.raises(Crash):
        act()
    app.store = EngineStore(engine)
    return failing.commits


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_crash_before_the_commit_leaves_nothing(engine: Engine, name: str) -> None:
    app, act = OPERATIONS[name](engine)
    before = dump(engine)
    crashed(app, engine, act, "before")
    assert dump(engine) == before


@pytest.mark.parametrize("name", REPEATED)
def test_a_request_repeated_after_a_crash_before_the_commit_is_carried_out(engine: Engine, name: str) -> None:
    app, act = OPERATIONS[name](engine)
    before = dump(engine)
    crashed(app, engine, act, "before")
    act()
    assert dump(engine) != before


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_one_commit(engine: Engine, name: str) -> None:
    app, act = OPERATIONS[name](engine)
    counting = FailingEngine(engine, fail_at=0)
    app.store = EngineStore(counting)
    act()
    assert counting.commits == 1


@pytest.mark.parametrize("name", REPEATED)
def test_a_request_repeated_after_a_crash_behind_the_commit_changes_nothing(
    engine: Engine, name: str
) -> None:
    app, act = OPERATIONS[name](engine)
    crashed(app, engine, act, "after")
    done = dump(engine)
    act()
    assert dump(engine) == done


@pytest.mark.parametrize("name", REPEATED)
def test_a_repeated_request_gets_the_first_answer(engine: Engine, name: str) -> None:
    _, act = OPERATIONS[name](engine)
    assert act() == act()
