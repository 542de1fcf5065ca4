"""Typed properties, as authors declare them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.experiment import prop
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import a_network, join, later


class Typed(Node):
    """A node with a property of each type."""

    type = "typed"
    generation = prop.integer(1)
    weight = prop.number(2)
    is_leader = prop.boolean(3)
    name = prop.text(4)
    choices = prop.json_value(5)


VALUES: list[tuple[str, Any, str]] = [
    ("generation", 3, "3"),
    ("generation", -1, "-1"),
    ("weight", 0.1, "0.1"),
    ("weight", 2, "2.0"),
    ("is_leader", True, "True"),
    ("is_leader", False, "False"),
    ("name", "Zoë 😀", "Zoë 😀"),
    ("choices", {"a": [1, None]}, '{"a": [1, null]}'),
]
SLOTS = ["generation", "weight", "is_leader", "name", "choices"]


def typed(work: EngineUnitOfWork) -> Any:
    return join(a_network(work), Typed)


@pytest.mark.parametrize(("name", "value", "_"), VALUES)
def test_a_typed_property_is_read_back_typed(work: EngineUnitOfWork, name: str, value: Any, _: str) -> None:
    node = typed(work)
    setattr(node, name, value)
    with later(work) as again:
        assert getattr(again.node(node.id), name) == value


@pytest.mark.parametrize(("name", "value", "text"), VALUES)
def test_a_typed_property_is_stored_as_text(work: EngineUnitOfWork, name: str, value: Any, text: str) -> None:
    node = typed(work)
    setattr(node, name, value)
    assert node.as_json()[f"property{SLOTS.index(name) + 1}"] == text


@pytest.mark.parametrize("name", SLOTS)
def test_a_typed_property_is_none_until_it_is_set(work: EngineUnitOfWork, name: str) -> None:
    assert getattr(typed(work), name) is None


@pytest.mark.parametrize("name", SLOTS)
def test_a_typed_property_can_be_emptied(work: EngineUnitOfWork, name: str) -> None:
    node = typed(work)
    setattr(node, name, 1)
    setattr(node, name, None)
    assert getattr(node, name) is None


def test_a_network_filters_its_nodes_by_typed_properties(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    nodes: list[Any] = [join(network, Typed) for _ in range(3)]
    for number, node in enumerate(nodes):
        node.generation = number // 2
    assert network.nodes(type=Typed, generation=0) == nodes[:2]


def test_several_typed_properties_narrow_together(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    nodes: list[Any] = [join(network, Typed) for _ in range(3)]
    for number, node in enumerate(nodes):
        node.generation, node.is_leader = number // 2, number == 1
    assert network.nodes(type=Typed, generation=0, is_leader=True) == [nodes[1]]


def test_a_participant_filters_nodes_by_typed_properties(work: EngineUnitOfWork) -> None:
    node = typed(work)
    node.weight = 0.5
    assert node.participant.nodes(type=Typed, weight=0.5) == [node]


class Rated(Info):
    """An info with a rating."""

    type = "rated"
    rating = prop.integer(1)


@pytest.mark.parametrize("of", ["node", "network", "participant"])
def test_infos_are_filtered_by_typed_properties(work: EngineUnitOfWork, of: str) -> None:
    node = join(a_network(work))
    infos: list[Any] = [Rated(origin=node) for _ in range(2)]
    infos[1].rating = 7
    owner: Any = {"node": node, "network": node.network, "participant": node.participant}[of]
    assert owner.infos(type=Rated, rating=7) == [infos[1]]


def test_received_infos_are_filtered_by_typed_properties(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    sender, receiver = join(network), join(network)
    sender.connect(whom=receiver)
    infos: list[Any] = [Rated(origin=sender) for _ in range(2)]
    infos[1].rating = 7
    sender.transmit()
    receiver.receive()
    assert receiver.received_infos(type=Rated, rating=7) == [infos[1]]


def test_a_filter_by_an_unknown_property_is_refused(work: EngineUnitOfWork) -> None:
    with pytest.raises(BadRequest, match="no property 'colour'"):
        a_network(work).nodes(colour="red")


@pytest.mark.parametrize("slot", [0, 6])
def test_there_are_five_slots(slot: int) -> None:
    with pytest.raises(RuleBroken, match="property1 to property5"):
        prop.integer(slot)


def test_a_property_of_the_class_is_the_declaration() -> None:
    assert Typed.generation.column == "property1"


@settings(deadline=None)
@given(st.integers())
def test_every_integer_is_read_back(value: int) -> None:
    person = _blank(prop.integer(1))
    person.value = value
    assert person.value == value


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back(value: float) -> None:
    person = _blank(prop.number(1))
    person.value = value
    assert person.value == value


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_every_json_value_is_read_back(value: Any) -> None:
    person = _blank(prop.json_value(1))
    person.value = value
    assert person.value == value


def _blank(declared: Any) -> Any:
    kind = type("Declared", (Participant,), {"value": declared})
    return kind()
