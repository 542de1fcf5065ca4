"""When the next place of a network opens."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.experiment.infos import TrackingEvent
from chalicelib.experiment.networks import (
    Burst,
    Chain,
    DelayedChain,
    DiscreteGenerational,
    Empty,
    FullyConnected,
    ScaleFree,
    SequentialMicrosociety,
    SplitSampleNetwork,
    Star,
)
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.network.create_info import mark_answered
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import a_network, a_source, answer, join, joined, later, put, sent

ALWAYS_OPEN: dict[str, Network] = {
    "network": Network(),
    "empty": Empty(),
    "split sample": SplitSampleNetwork(),
    "star": Star(),
    "burst": Burst(),
    "fully connected": FullyConnected(),
    "scale free": ScaleFree(m0=2, m=1),
}


def is_open(network: Network) -> bool:
    return network.open_for(None) is True


@pytest.mark.parametrize("name", ALWAYS_OPEN)
def test_other_networks_are_always_open(work: EngineUnitOfWork, name: str) -> None:
    template = ALWAYS_OPEN[name]
    network = put(work, type(template)(**({"m0": 2, "m": 1} if isinstance(template, ScaleFree) else {})))
    joined(network, 4, answering=False)
    assert is_open(network)


@pytest.mark.parametrize("name", ALWAYS_OPEN)
def test_all_free_places_of_other_networks_are_open(work: EngineUnitOfWork, name: str) -> None:
    template = ALWAYS_OPEN[name]
    network = type(template)(**({"m0": 2, "m": 1} if isinstance(template, ScaleFree) else {}))
    network.max_size = 5
    joined(put(work, network), 2, answering=False)
    assert network.open_places == 3


# -- has_answered -------------------------------------------------------------------------------


def test_a_source_has_answered(work: EngineUnitOfWork) -> None:
    assert a_source(a_network(work)).has_answered


def test_a_newcomer_has_not_answered(work: EngineUnitOfWork) -> None:
    assert not join(a_network(work)).has_answered


def test_a_participant_who_posted_an_info_has_answered(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    answer(node)
    assert node.has_answered


def test_a_tracking_event_is_not_an_answer(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    mark_answered(node, TrackingEvent(origin=node))
    assert not node.has_answered


def test_an_info_that_was_posted_as_failed_is_not_an_answer(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    mark_answered(node, Info(origin=node, failed=True))
    assert not node.has_answered


def test_a_replicated_info_is_not_an_answer(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    sender, receiver = join(network), join(network)
    transmission = sent(sender, receiver)
    receiver.receive()
    receiver.replicate(transmission.info)
    assert not receiver.has_answered


def test_no_participant_waits_for_a_node_without_a_participant(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    network.add_node(Node(network=network))
    assert is_open(network)


def test_an_answer_is_remembered(work: EngineUnitOfWork) -> None:
    node = join(a_network(work))
    answer(node)
    with later(work) as again:
        assert again.node(node.id).has_answered


def test_authors_say_when_a_node_has_answered(work: EngineUnitOfWork, own_classes: None) -> None:
    class Twice(Node):
        type = "twice_answering"

        @property
        def has_answered(self) -> bool:
            return self.n_infos >= 2

    network = put(work, Chain())
    node = join(network, Twice)
    seen = []
    for _ in range(2):
        answer(node)
        seen.append(is_open(network))
    assert seen == [False, True]


def test_authors_say_when_a_place_is_open(work: EngineUnitOfWork, own_classes: None) -> None:
    class Club(Empty):
        type = "club"

        def open_for(self, participant: Any) -> bool | str:
            return "closed today"

    assert put(work, Club(max_size=3)).open_places == 0


# -- Chain --------------------------------------------------------------------------------------


def test_a_new_chain_is_open(work: EngineUnitOfWork) -> None:
    assert is_open(put(work, Chain()))


def test_a_chain_with_only_its_source_is_open(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    a_source(network)
    assert is_open(network)


def test_a_chain_waits_for_its_newest(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    join(network)
    assert "hasn't answered" in str(network.open_for(None))


def test_a_chain_opens_with_the_answer(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    answer(join(network))
    assert is_open(network)


def test_a_chain_opens_with_the_answer_in_a_later_request(work: EngineUnitOfWork) -> None:
    node = join(put(work, Chain()))
    with later(work) as again:
        answer(again.node(node.id))
        with later(again) as third:
            assert is_open(third.network(1))


def test_a_chain_opens_when_its_newest_fails(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    joined(network, 2)
    join(network).fail()
    assert is_open(network)


def test_a_chain_waits_for_the_one_it_steps_back_to(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    first, second = joined(network, 2, answering=False)
    second.fail()
    assert network.waiting_for == [first.id]


def test_a_failed_node_in_the_middle_changes_nothing_for_the_next(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    nodes = joined(network, 3)
    last = join(network)
    nodes[0].fail()
    assert network.waiting_for == [last.id]


@pytest.mark.parametrize(("answering", "places"), [(True, 1), (False, 0)])
def test_a_chain_opens_one_place_at_a_time(work: EngineUnitOfWork, answering: bool, places: int) -> None:
    network = put(work, Chain(max_size=5))
    joined(network, 1, answering=answering)
    assert network.open_places == places


def test_a_full_chain_opens_no_place(work: EngineUnitOfWork) -> None:
    network = put(work, Chain(max_size=1))
    answer(join(network))
    assert network.open_places == 0


def test_a_failed_chain_opens_no_place(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    network.fail()
    assert network.open_places == 0


# -- SequentialMicrosociety ---------------------------------------------------------------------


def test_a_microsociety_waits_for_every_predecessor(work: EngineUnitOfWork) -> None:
    network = put(work, SequentialMicrosociety(n=3))
    nodes = joined(network, 3, answering=False)
    assert network.waiting_for == [node.id for node in nodes[1:]]


@pytest.mark.parametrize("silent", [0, 1])
def test_a_microsociety_stays_shut_while_one_is_silent(work: EngineUnitOfWork, silent: int) -> None:
    network = put(work, SequentialMicrosociety(n=3))
    nodes = joined(network, 2, answering=False)
    answer(nodes[1 - silent])
    assert not is_open(network)


def test_a_microsociety_opens_when_all_have_answered(work: EngineUnitOfWork) -> None:
    network = put(work, SequentialMicrosociety(n=3))
    for node in joined(network, 2, answering=False):
        answer(node)
    assert is_open(network)


def test_a_microsociety_opens_behind_a_silent_one_that_failed(work: EngineUnitOfWork) -> None:
    network = put(work, SequentialMicrosociety(n=3))
    nodes = joined(network, 2, answering=False)
    answer(nodes[0])
    nodes[1].fail()
    assert is_open(network)


# -- DelayedChain -------------------------------------------------------------------------------


def test_a_delayed_chain_is_open_for_ten(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    a_source(network)
    seen = []
    for _ in range(11):
        seen.append(is_open(network))
        join(network)
    assert seen == [True] * 10 + [False]


def test_a_delayed_chain_waits_from_its_eleventh_on(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    nodes = joined(network, 10, answering=False)
    answer(nodes[-1])
    assert is_open(network)


@pytest.mark.parametrize(
    ("max_size", "joined_already", "places"), [(50, 0, 10), (50, 7, 3), (8, 2, 6), (50, 10, 0)]
)
def test_a_delayed_chain_opens_its_first_ten_at_once(
    work: EngineUnitOfWork, max_size: int, joined_already: int, places: int
) -> None:
    network = put(work, DelayedChain(max_size=max_size))
    joined(network, joined_already, answering=False)
    assert network.open_places == places


def test_a_delayed_chain_opens_one_place_after_its_first_ten(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain(max_size=50))
    joined(network, 11)
    assert network.open_places == 1


def test_a_full_delayed_chain_opens_no_place(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain(max_size=2))
    joined(network, 2)
    assert network.open_places == 0


# -- DiscreteGenerational -----------------------------------------------------------------------


def generations(work: EngineUnitOfWork, size: int = 2, count: int = 3) -> DiscreteGenerational:
    return put(work, DiscreteGenerational(generations=count, generation_size=size))


def test_the_first_generation_is_open_at_once(work: EngineUnitOfWork) -> None:
    network = generations(work)
    join(network)
    assert (is_open(network), network.open_places) == (True, 1)


@pytest.mark.parametrize("silent", [0, 1])
def test_a_generation_waits_for_every_one_before(work: EngineUnitOfWork, silent: int) -> None:
    network = generations(work)
    nodes = joined(network, 2, answering=False)
    answer(nodes[1 - silent])
    assert (is_open(network), network.open_places) == (False, 0)


def test_a_generation_opens_when_all_before_have_answered(work: EngineUnitOfWork) -> None:
    network = generations(work)
    joined(network, 2)
    assert (is_open(network), network.open_places) == (True, 2)


def test_a_place_in_an_earlier_generation_opens_again(work: EngineUnitOfWork) -> None:
    network = generations(work)
    first = joined(network, 2)
    join(network)
    first[0].fail()
    assert network.open_places == 1


def test_a_generation_does_not_wait_for_its_own(work: EngineUnitOfWork) -> None:
    network = generations(work, size=3)
    joined(network, 3)
    joined(network, 2, answering=False)
    assert is_open(network)


def test_all_generations_together_fill_the_network(work: EngineUnitOfWork) -> None:
    network = generations(work)
    joined(network, 6)
    assert (network.full, network.open_places) == (True, 0)
