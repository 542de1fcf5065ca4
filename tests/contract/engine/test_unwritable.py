"""What JSON can't write is refused where a hook sets it, names its place, and leaves nothing behind."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.experiment import prop
from chalicelib.experiment.networks import Empty
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.operations.run.summary import read_property
from chalicelib.storage.engine import Engine, Put
from tests.contract.engines import an_item, stored
from tests.contract.factories import a_room, an_app, arrive, begin, dump, say, take_place

NAN, INFINITY = math.nan, math.inf


def set_property(node: Node, info: Info) -> None:
    info.property1 = NAN  # type: ignore[assignment]


def set_details(node: Node, info: Info) -> None:
    node.details = {"scores": [1.0, INFINITY]}


def set_inside_details(node: Node, info: Info) -> None:
    info.details["score"] = NAN


def set_contents(node: Node, info: Info) -> None:
    Info(origin=node, contents=-INFINITY)  # type: ignore[arg-type]


def set_structure(node: Node, info: Info) -> None:
    node.network.remember(mean=NAN)


def set_inside_structure(node: Node, info: Info) -> None:
    node.network.structure["mean"] = NAN
    node.network.property1 = "touched"


def set_a_set(node: Node, info: Info) -> None:
    info.details = {"seen": {1, 2}}


SETTERS: dict[str, tuple[Callable[[Node, Info], None], str]] = {
    "property": (set_property, r"Info\.property1 .* JSON has no nan"),
    "details": (set_details, r"Node\.details\['scores'\]\[1\] .* JSON has no inf"),
    "inside details": (set_inside_details, r"Info \d+ \(info\): details\['score'\] .* JSON has no nan"),
    "contents": (set_contents, r"Info\.contents .* JSON has no -inf"),
    "structure": (set_structure, r"Empty\.structure\['mean'\] .* JSON has no nan"),
    "inside structure": (
        set_inside_structure,
        r"Network 1 \(empty\): structure\['mean'\] .* JSON has no nan",
    ),
    "a set": (set_a_set, r"Info\.details\['seen'\] .* JSON has no set"),
}
#: What is found only when it is stored has no line: many could have changed the object.
WITHOUT_LINE = {"inside details", "inside structure"}


@pytest.mark.parametrize("name", SETTERS)
def test_a_value_that_json_lacks_is_reported_with_its_place(shared: Engine, name: str) -> None:
    act, message = SETTERS[name]
    app = an_app(shared, a_room(Empty, info_post_request=lambda self, node, info: act(node, info)))
    node = take_place(app, arrive(app, "ann"))
    before = dump(shared)
    with pytest.raises(ExperimentError, match=message) as told:
        say(app, node["id"])
    assert dump(shared) == before
    if name not in WITHOUT_LINE:
        line = act.__code__.co_firstlineno + 1
        assert f"test_unwritable.py, line {line}, in {act.__name__}" in str(told.value)


def test_the_experiments_state_is_named(shared: Engine) -> None:
    def count(self: Any, node: Node, info: Info) -> None:
        self.state["mean"] = {"of all": NAN}

    app = an_app(shared, a_room(Empty, info_post_request=count))
    node = take_place(app, arrive(app, "ann"))
    with pytest.raises(
        ExperimentError, match=re.escape("experiment.state['mean']['of all'] can't be stored")
    ):
        say(app, node["id"])


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (lambda self: self.publish_to_subscribers({"x": NAN}, "talk"), r"published on 'talk'\['x'\]"),
        (lambda self: self.after(1, "publish_to_subscribers", data=NAN), r"is called with later\['data'\]"),
        (
            lambda self: self.after(NAN, "publish_to_subscribers"),
            r"The time before publish_to_subscribers\(\)",
        ),
        (lambda self: self.after(INFINITY, "publish_to_subscribers"), r"The time before publish_to"),
    ],
)
def test_messages_of_a_hook_are_checked_where_it_sends_them(
    sqlite: Engine, wish: Callable[[Any], None], message: str
) -> None:
    app = an_app(sqlite, a_room(Empty, info_post_request=lambda self, node, info: wish(self)))
    node = take_place(app, arrive(app, "ann"))
    with pytest.raises(ExperimentError, match=message + ".*test_unwritable.py, line"):
        say(app, node["id"])


class Typed(Node):
    """A node with typed properties."""

    type = "typed_of_unwritable"
    number = prop.number(1)
    anything = prop.json_value(2)


@pytest.mark.parametrize(("name", "value"), [("number", NAN), ("anything", [INFINITY]), ("anything", {1})])
def test_typed_properties_take_nothing_that_json_cannot_write(sqlite: Engine, name: str, value: Any) -> None:
    an_app(sqlite)
    with begin(sqlite) as work:
        node = Typed(network=work.network(1))
        with pytest.raises(ExperimentError, match=r"property[12]|Typed\.(number|anything)"):
            setattr(node, name, value)


def test_a_public_property_is_named(sqlite: Engine) -> None:
    app = an_app(sqlite, a_room(Empty, configure=lambda self: self.public_properties.update(mean=NAN)))
    with pytest.raises(ExperimentError, match=re.escape("public_properties['mean']")):
        app.run(read_property, "mean")


@pytest.mark.parametrize("value", [NAN, INFINITY, {"deep": [NAN]}, {1}, {(1, 2): 3}])
def test_an_engine_stores_nothing_that_json_cannot_write(engine: Engine, value: Any) -> None:
    with pytest.raises(ExperimentError, match=r"details.* can't be stored"):
        engine.commit([Put(an_item("a")), Put(an_item("b", details=value))])
    assert (stored(engine, "a"), stored(engine, "b")) == (None, None)


@pytest.mark.parametrize("value", [0.1, -1e308, {"a": [None, True, "NaN", 1, 2.5]}, [], "nan"])
def test_serializable_values_are_accepted(sqlite: Engine, value: Any) -> None:
    app = an_app(sqlite, a_room(Empty, info_post_request=lambda self, node, info: keep(info, value)))
    node = take_place(app, arrive(app, "ann"))
    assert say(app, node["id"])["details"] == {"value": value}


def keep(info: Info, value: Any) -> None:
    info.details = {"value": value}
