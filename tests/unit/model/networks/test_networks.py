"""How each stock network connects a new node."""

from __future__ import annotations

import random
from operator import attrgetter
from typing import Any

import pytest

from chalicelib.errors import RuleBroken
from chalicelib.experiment.networks import (
    STOCK,
    Burst,
    Chain,
    DelayedChain,
    Empty,
    FullyConnected,
    SequentialMicrosociety,
    SplitSampleNetwork,
    Star,
)
from chalicelib.experiment.nodes import Source
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, a_source, answer, ends, join, joined, later, put

TYPES = {
    "Empty": "empty",
    "Chain": "chain",
    "DelayedChain": "delayed_chain",
    "Star": "star",
    "Burst": "burst",
    "FullyConnected": "fully-connected",
    "DiscreteGenerational": "discrete-generational",
    "ScaleFree": "scale-free",
    "SequentialMicrosociety": "microsociety",
    "SplitSampleNetwork": "split-sample",
}


def test_stock_networks_have_the_documented_types() -> None:
    assert {name: cls.type for name, cls in STOCK.items()} == TYPES


@pytest.mark.parametrize("name", TYPES)
def test_a_network_is_found_again_by_its_type(work: EngineUnitOfWork, name: str) -> None:
    needed: dict[str, dict[str, Any]] = {
        "DiscreteGenerational": {"generations": 2, "generation_size": 2},
        "ScaleFree": {"m0": 2, "m": 2},
        "SequentialMicrosociety": {"n": 3},
    }
    put(work, STOCK[name](**needed.get(name, {})))
    with later(work) as again:
        assert type(again.network(1)) is STOCK[name]


def test_the_base_network_connects_no_nodes(work: EngineUnitOfWork) -> None:
    network = put(work, Network())
    joined(network, 3)
    assert ends(network) == []


# -- Empty --------------------------------------------------------------------------------------


def test_empty_connects_no_nodes(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    joined(network, 3)
    assert ends(network) == []


def test_empty_connects_newcomers_from_its_sources(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    a_source(network)
    a_source(network)
    join(network)
    assert ends(network) == [(1, 3), (2, 3)]


def test_empty_connects_a_source_to_all_nodes(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    joined(network, 2)
    a_source(network)
    assert ends(network) == [(3, 1), (3, 2)]


def test_empty_adds_a_source_by_its_own_method(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    nodes = joined(network, 2)
    source = Story(network=network)
    network.add_source(source)
    assert source.neighbors() == nodes


def test_empty_forgets_a_source_that_failed(work: EngineUnitOfWork) -> None:
    network = a_network(work)
    a_source(network).fail()
    join(network)
    assert ends(network) == []


def test_empty_knows_its_sources_in_the_next_request(work: EngineUnitOfWork) -> None:
    a_source(a_network(work))
    with later(work) as again:
        join(again.network(1))
        assert ends(again.network(1)) == [(1, 2)]


# -- SplitSampleNetwork -------------------------------------------------------------------------


def test_a_split_sample_is_empty_otherwise(work: EngineUnitOfWork) -> None:
    network = put(work, SplitSampleNetwork())
    joined(network, 2)
    assert ends(network) == []


def test_a_split_sample_draws_fairly() -> None:
    random.seed("a fair draw")
    drawn = [SplitSampleNetwork().exploratory for _ in range(1000)]
    # Five standard deviations of a fair coin around the half.
    assert 420 < drawn.count(True) < 580


def test_a_split_sample_is_one_or_the_other() -> None:
    random.seed("a fair draw")
    assert {SplitSampleNetwork().exploratory for _ in range(50)} == {True, False}


@pytest.mark.parametrize("half", [True, False])
def test_the_half_is_kept_in_a_property(work: EngineUnitOfWork, half: bool) -> None:
    network = put(work, SplitSampleNetwork())
    network.exploratory = half
    with later(work) as again:
        found: Any = again.network(1)
        assert (found.exploratory, found.property1) == (half, str(half))


# -- Chain --------------------------------------------------------------------------------------


def test_a_chain_connects_from_the_newest(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    joined(network, 4)
    assert ends(network) == [(1, 2), (2, 3), (3, 4)]


def test_a_chain_begins_at_its_source(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    a_source(network)
    joined(network, 2)
    assert ends(network) == [(1, 2), (2, 3)]


def test_a_chain_takes_a_source_only_as_first(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    join(network)
    with pytest.raises(RuleBroken, match="only be its first"):
        a_source(network)


def test_a_chain_steps_back_behind_a_node_that_failed(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    joined(network, 3)[2].fail()
    join(network)
    assert ends(network) == [(1, 2), (2, 4)]


def test_a_chain_steps_back_behind_several(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    nodes = joined(network, 5)
    for number in (3, 4, 2):
        nodes[number].fail()
    join(network)
    assert ends(network) == [(1, 2), (2, 6)]


def test_a_chain_restarts_when_all_nodes_have_failed(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    join(network).fail()
    join(network)
    assert ends(network) == []


def test_a_chain_continues_after_a_node_that_failed_in_the_middle(work: EngineUnitOfWork) -> None:
    network = put(work, Chain())
    joined(network, 3)[1].fail()
    join(network)
    assert ends(network) == [(3, 4)]


def test_a_chain_continues_in_the_next_request(work: EngineUnitOfWork) -> None:
    joined(put(work, Chain()), 2)
    with later(work) as again:
        join(again.network(1))
        assert ends(again.network(1)) == [(1, 2), (2, 3)]


def test_a_chain_for_ten_people_with_a_source_has_eleven_places(work: EngineUnitOfWork) -> None:
    network = put(work, Chain(max_size=11))
    a_source(network)
    joined(network, 10)
    assert (network.full, network.n_participants) == (True, 10)


# -- DelayedChain -------------------------------------------------------------------------------


def test_a_delayed_chain_starts_ten_from_the_source(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    a_source(network)
    joined(network, 10)
    assert ends(network) == [(1, number) for number in range(2, 12)]


def test_a_delayed_chain_is_a_chain_from_the_eleventh_on(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    a_source(network)
    joined(network, 12)
    assert ends(network)[-2:] == [(11, 12), (12, 13)]


def test_a_delayed_chain_without_a_source_leaves_ten_alone(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    joined(network, 11)
    assert ends(network) == [(10, 11)]


def test_a_delayed_chain_takes_a_source_only_as_first(work: EngineUnitOfWork) -> None:
    network = put(work, DelayedChain())
    join(network)
    with pytest.raises(RuleBroken, match="only be its first"):
        a_source(network)


# -- Star and Burst -----------------------------------------------------------------------------


def test_a_star_connects_both_ways_with_the_first(work: EngineUnitOfWork) -> None:
    network = put(work, Star())
    joined(network, 3)
    assert ends(network) == [(1, 2), (1, 3), (2, 1), (3, 1)]


def test_a_star_does_not_begin_with_a_source(work: EngineUnitOfWork) -> None:
    with pytest.raises(RuleBroken, match="can't be a source"):
        a_source(put(work, Star()))


def test_a_burst_connects_from_the_first(work: EngineUnitOfWork) -> None:
    network = put(work, Burst())
    joined(network, 3)
    assert ends(network) == [(1, 2), (1, 3)]


def test_a_burst_may_begin_with_a_source(work: EngineUnitOfWork) -> None:
    network = put(work, Burst())
    a_source(network)
    join(network)
    assert ends(network) == [(1, 2)]


@pytest.mark.parametrize(
    ("kind", "made"), [(Star, [(2, 3), (2, 4), (3, 2), (4, 2)]), (Burst, [(2, 3), (2, 4)])]
)
def test_the_next_becomes_the_first_when_the_first_fails(
    work: EngineUnitOfWork, kind: type[Network], made: list[tuple[int, int]]
) -> None:
    network = put(work, kind())
    join(network).fail()
    joined(network, 3)
    assert ends(network) == made


def test_the_oldest_survivor_becomes_the_first(work: EngineUnitOfWork) -> None:
    network = put(work, Burst())
    joined(network, 3)[0].fail()
    join(network)
    assert ends(network) == [(2, 4)]


# -- FullyConnected -----------------------------------------------------------------------------


def test_all_nodes_are_connected_both_ways(work: EngineUnitOfWork) -> None:
    network = put(work, FullyConnected())
    joined(network, 4)
    assert ends(network) == [(a, b) for a in range(1, 5) for b in range(1, 5) if a != b]


@pytest.mark.parametrize("first", ["source", "person"])
def test_sources_are_connected_one_way_to_all_nodes(work: EngineUnitOfWork, first: str) -> None:
    network = put(work, FullyConnected())
    makers: list[Any] = [a_source, join] if first == "source" else [join, a_source]
    made = [make(network) for make in makers]
    source = next(node for node in made if isinstance(node, Source))
    assert {(v.origin, v.destination) for v in network.vectors()} == {
        (source, next(node for node in made if node is not source))
    }


def test_sources_are_not_connected_with_one_another(work: EngineUnitOfWork) -> None:
    network = put(work, FullyConnected())
    a_source(network)
    a_source(network)
    assert ends(network) == []


def test_no_node_is_connected_with_failed_nodes(work: EngineUnitOfWork) -> None:
    network = put(work, FullyConnected())
    joined(network, 2)[0].fail()
    join(network)
    assert ends(network) == [(2, 3), (3, 2)]


# -- SequentialMicrosociety ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "made"),
    [
        (2, [(1, 2), (2, 3), (3, 4)]),
        (3, [(1, 2), (1, 3), (2, 3), (2, 4), (3, 4)]),
        (4, [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]),
    ],
)
def test_a_microsociety_connects_from_the_newest_predecessors(
    work: EngineUnitOfWork, n: int, made: list[tuple[int, int]]
) -> None:
    network = put(work, SequentialMicrosociety(n=n))
    joined(network, 4)
    assert ends(network) == made


def test_a_microsociety_steps_back_behind_the_failed(work: EngineUnitOfWork) -> None:
    network = put(work, SequentialMicrosociety(n=3))
    joined(network, 4)[2].fail()
    join(network)
    assert [a for a, b in ends(network) if b == 5] == [2, 4]


def test_a_microsociety_knows_its_number_in_the_next_request(work: EngineUnitOfWork) -> None:
    put(work, SequentialMicrosociety(n=3))
    with later(work) as again:
        found: Any = again.network(1)
        assert found.n == 3


# -- an author's own ----------------------------------------------------------------------------


class Ring(Network):
    """The documentation's ring, with `self.nodes()` called and `type` for the class."""

    type = "ring_of_the_docs"

    def add_node(self, node: Node) -> None:
        other_nodes = [n for n in self.nodes() if n.id != node.id]
        if isinstance(node, Source):
            raise TypeError("A ring has no place for sources.")
        if other_nodes:
            parent = max(other_nodes, key=attrgetter("creation_time"))
            parent.connect(whom=node)
            if len(self.nodes()) == self.max_size:
                parent = min(other_nodes, key=attrgetter("creation_time"))
                node.connect(whom=parent)


def test_a_ring_closes(work: EngineUnitOfWork) -> None:
    network = put(work, Ring(max_size=4))
    joined(network, 4)
    assert ends(network) == [(1, 2), (2, 3), (3, 4), (4, 1)]


def test_a_ring_closes_over_several_requests(work: EngineUnitOfWork) -> None:
    put(work, Ring(max_size=3))
    for _ in range(3):
        work = later(work)
        join(work.network(1))
    assert ends(work.network(1)) == [(1, 2), (2, 3), (3, 1)]


def test_a_ring_closes_though_the_clock_runs_backwards(work: EngineUnitOfWork) -> None:
    put(work, Ring(max_size=3))
    for _ in range(3):
        work = later(work, -1)
        join(work.network(1))
    assert ends(work.network(1)) == [(1, 2), (2, 3), (3, 1)]


def test_an_authors_network_is_found_again(work: EngineUnitOfWork) -> None:
    put(work, Ring(max_size=3))
    with later(work) as again:
        assert (type(again.network(1)), again.network(1).as_json()["type"]) == (Ring, "ring_of_the_docs")


def test_an_authors_network_may_have_a_constructor_of_its_own(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Lattice(Empty):
        type = "lattice"

        def __init__(self, new_property1: int, new_property2: str) -> None:
            super().__init__()
            self.property1 = repr(new_property1)
            self.property2 = repr(new_property2)

    put(work, Lattice(3, "a"))
    with later(work) as again:
        assert (again.network(1).property1, again.network(1).property2) == ("3", "'a'")


def test_an_authors_network_may_leave_the_base_constructor_out(
    work: EngineUnitOfWork, own_classes: None
) -> None:
    class Bare(Network):
        type = "bare"

        def __init__(self, colour: str) -> None:
            self.property1 = colour

    network = put(work, Bare("red"))
    answer(join(network))
    with later(work) as again:
        assert (again.network(1).property1, again.network(1).size()) == ("red", 1)
