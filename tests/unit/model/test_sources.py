"""Sources make information; agents have fitness."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.experiment.infos import Meme, State
from chalicelib.experiment.nodes import Agent, Environment, RandomBinaryStringSource, Source
from chalicelib.model.info import Info
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, join, later


def test_a_source_sends_what_it_makes_for_the_occasion(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    source, node = Story(network), join(network)
    (transmission,) = source.transmit(to_whom=node)
    assert (transmission.info.contents, transmission.info.origin) == ("once", source)


def test_a_source_makes_a_new_info_each_time(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    source = Story(network)
    join(network)
    source.transmit()
    source.transmit()
    assert len(source.infos()) == 2


def test_a_source_says_which_class_it_makes(work: EngineUnitOfWork, own_classes: None) -> None:
    class Gossip(Story):
        type = "gossip"

        def _info_type(self) -> type[Info]:
            return Meme

    assert type(Gossip(a_network(work)).create_information()) is Meme


def test_a_source_without_contents_says_what_to_do(work: EngineUnitOfWork) -> None:
    with pytest.raises(RuleBroken, match="_contents"):
        Source(a_network(work)).create_information()


def test_a_source_is_nobodys(work: EngineUnitOfWork) -> None:
    assert Story(a_network(work)).as_json()["participant_id"] is None


def test_a_random_binary_string_has_two_bits(work: EngineUnitOfWork) -> None:
    source = RandomBinaryStringSource(a_network(work))
    made = {str(source.create_information().contents) for _ in range(40)}
    assert made == {"00", "01", "10", "11"}


def test_the_length_of_random_binary_strings_can_be_set(work: EngineUnitOfWork, own_classes: None) -> None:
    class Long(RandomBinaryStringSource):
        type = "long"
        length = 9

    contents = Long(a_network(work)).create_information().contents
    assert re.fullmatch("[01]{9}", str(contents))


def test_an_environment_has_the_state_it_was_given(work: EngineUnitOfWork) -> None:
    world = Environment(a_network(work))
    world.update("rain")
    state = world.state()
    assert (type(state), state and state.contents) == (State, "rain")


def test_an_environment_has_no_state_at_first(work: EngineUnitOfWork) -> None:
    assert Environment(a_network(work)).state() is None


def test_the_newest_state_is_returned(work: EngineUnitOfWork) -> None:
    world = Environment(a_network(work))
    world.update("rain")
    world.update("sun")
    state = world.state()
    assert state is not None
    assert state.contents == "sun"


def test_an_environment_remembers_its_state_at_a_moment(work: EngineUnitOfWork) -> None:
    world = Environment(a_network(work))
    world.update("rain")
    with later(work) as again:
        world = again.node(world.id)  # type: ignore[assignment]
        world.update("sun")
        state = world.state(time=again.now)
        assert state is not None
        assert state.contents == "rain"


def test_an_environment_sends_its_newest_state(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    world, node = Environment(network), join(network)
    world.update("rain")
    world.update("sun")
    (transmission,) = world.transmit(to_whom=node)
    assert transmission.info is world.state()


@pytest.mark.parametrize("value", [0, 1.5, -2, 1e300, 0.1])
def test_fitness_is_a_number(work: EngineUnitOfWork, value: float) -> None:
    agent = join(a_network(work), Agent)
    agent.fitness = value  # type: ignore[attr-defined]
    with later(work) as again:
        found: Any = again.node(agent.id)
        assert found.fitness == value


def test_fitness_is_kept_in_property1(work: EngineUnitOfWork) -> None:
    agent = join(a_network(work), Agent)
    agent.fitness = 2  # type: ignore[attr-defined]
    assert agent.as_json()["property1"] == "2.0"


def test_fitness_is_unknown_at_first(work: EngineUnitOfWork) -> None:
    agent: Any = join(a_network(work), Agent)
    assert agent.fitness is None
