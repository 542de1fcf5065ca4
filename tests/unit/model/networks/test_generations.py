"""Generations: which generation a node joins, and which node is its parent."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from chalicelib.experiment import prop
from chalicelib.experiment.networks import DiscreteGenerational
from chalicelib.experiment.nodes import Agent
from chalicelib.model.node import Node
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import a_source, answer, ends, join, later, put


class Citizen(Agent):
    """An agent with a generation, as the network needs it."""

    type = "citizen"
    generation = prop.integer(2)


def society(work: EngineUnitOfWork, size: int = 3, *, source: bool = False) -> DiscreteGenerational:
    network = put(work, DiscreteGenerational(3, size, initial_source=source))
    if source:
        a_source(network)
    return network


def born(network: DiscreteGenerational, fitness: list[float]) -> list[Any]:
    """Let citizens join and answer, one for each fitness."""
    citizens: list[Any] = []
    for value in fitness:
        citizen: Any = join(network, Citizen)
        citizen.fitness = value
        answer(citizen)
        citizens.append(citizen)
    return citizens


def parents(node: Node) -> list[Node]:
    return node.neighbors(direction="from")


@pytest.mark.parametrize(("source", "size"), [(False, 9), (True, 10)])
def test_the_size_follows_from_the_numbers(work: EngineUnitOfWork, source: bool, size: int) -> None:
    assert society(work, source=source).max_size == size


def test_nodes_know_their_generation(work: EngineUnitOfWork) -> None:
    assert [c.generation for c in born(society(work, 2), [1] * 6)] == [0, 0, 1, 1, 2, 2]


def test_generations_are_a_filter(work: EngineUnitOfWork) -> None:
    network = society(work, 2)
    citizens = born(network, [1] * 4)
    assert network.nodes(type=Citizen, generation=1) == citizens[2:]


def test_the_first_generation_has_no_parents(work: EngineUnitOfWork) -> None:
    assert [parents(c) for c in born(society(work), [1] * 3)] == [[], [], []]


def test_the_first_generation_are_children_of_the_initial_source(work: EngineUnitOfWork) -> None:
    network = society(work, source=True)
    born(network, [1] * 3)
    assert ends(network) == [(1, 2), (1, 3), (1, 4)]


def test_the_oldest_source_is_the_initial_one(work: EngineUnitOfWork) -> None:
    network = society(work, source=True)
    a_source(network)
    born(network, [1])
    assert ends(network) == [(1, 3)]


def test_only_the_initial_source_is_a_parent(work: EngineUnitOfWork) -> None:
    network = society(work)
    a_source(network)
    born(network, [1])
    assert ends(network) == []


def test_each_later_one_has_one_parent_in_the_generation_before(work: EngineUnitOfWork) -> None:
    citizens = born(society(work), [1] * 9)
    assert [[p.generation for p in parents(c)] for c in citizens[3:]] == [[0]] * 3 + [[1]] * 3  # type: ignore[attr-defined]


def test_the_parent_transmits_at_once(work: EngineUnitOfWork) -> None:
    network = society(work, 1)
    parent, child = born(network, [1, 1])
    assert [(t.info, t.status) for t in child.transmissions("incoming")] == [(parent.infos()[0], "pending")]


def test_the_initial_source_transmits_at_once(work: EngineUnitOfWork) -> None:
    (child,) = born(society(work, source=True), [1])
    assert [t.info.contents for t in child.transmissions("incoming")] == ["once"]


def children(network: DiscreteGenerational, fitness: list[float], count: int) -> Counter[int]:
    """Draw parents for many children of these nodes, without storing the children."""
    ids = [c.id for c in born(network, fitness)]
    drawn = Counter(network._draw(ids) for _ in range(count))
    return Counter({number: drawn[node_id] for number, node_id in enumerate(ids)})


def test_parents_are_drawn_in_proportion_to_fitness(work: EngineUnitOfWork) -> None:
    random.seed("survival of the fittest")
    drawn = children(society(work), [1, 3, 6], 5000)
    # Five standard deviations around 10, 30 and 60 per cent.
    assert all(abs(drawn[n] - share) < 180 for n, share in {0: 500, 1: 1500, 2: 3000}.items())


def test_the_unfit_have_no_children(work: EngineUnitOfWork) -> None:
    random.seed("survival of the fittest")
    assert children(society(work), [0, 1, 0], 200) == {0: 0, 1: 200, 2: 0}


def test_parents_are_drawn_evenly_when_none_is_fit(work: EngineUnitOfWork) -> None:
    random.seed("drift")
    drawn = children(society(work), [0, 0, 0], 3000)
    assert all(abs(count - 1000) < 130 for count in drawn.values())


def test_parents_are_drawn_evenly_when_fitness_is_unknown(work: EngineUnitOfWork) -> None:
    random.seed("drift")
    network = society(work)
    ids = [join(network).id for _ in range(3)]
    assert set(Counter(network._draw(ids) for _ in range(100))) == set(ids)


def test_a_place_of_a_failed_node_is_taken_in_its_generation(work: EngineUnitOfWork) -> None:
    network = society(work, 2)
    citizens = born(network, [1] * 3)
    citizens[0].fail()
    assert born(network, [1])[0].generation == 0


def test_a_failed_node_has_no_children(work: EngineUnitOfWork) -> None:
    network = society(work, 2)
    first = born(network, [9, 1])
    first[0].fail()
    born(network, [1])
    child: Any = join(network, Citizen)
    assert first[0] not in parents(child)


def test_generations_continue_in_the_next_request(work: EngineUnitOfWork) -> None:
    born(society(work, 2), [1] * 3)
    with later(work) as again:
        found: Any = again.network(1)
        assert (found.generation_size, [c.generation for c in born(found, [1, 1])]) == (2, [1, 2])


def test_the_same_seed_draws_the_same_parents(work: EngineUnitOfWork) -> None:
    network = society(work)
    ids = [c.id for c in born(network, [1, 2, 3])]
    draws = []
    for _ in range(2):
        random.seed("again")
        draws.append([network._draw(ids) for _ in range(20)])
    assert draws[0] == draws[1]
