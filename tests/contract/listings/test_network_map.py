"""Parts of networks for pictures, over every engine."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import BadRequest, InvalidState, NotFound
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import DiscreteGenerational
from chalicelib.experiment.nodes import RandomBinaryStringSource
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.listings import network_map
from chalicelib.operations.listings.network_map import NetworkMap, read_network_map
from chalicelib.operations.management import managed_networks
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import begin, not_launched

BASE = 100_000


class Line(Network):
    """A chain whose nodes are made at once."""


def make(engine: Engine, count: int, connect: Callable[[list[Node]], None]) -> None:
    with begin(engine) as uow:
        network = Line(max_size=10_000)
        uow.save(network)
        nodes = [Node(network) for _ in range(count)]
        connect(nodes)
        uow.commit()


def in_line(nodes: list[Node]) -> None:
    for before, after in itertools.pairwise(nodes):
        before.connect(after)


@pytest.fixture
def line(engine: Engine) -> App:
    make(engine, 30, in_line)
    return not_launched(engine, Experiment)


def numbers(found: NetworkMap) -> list[int]:
    return [one.id - BASE for one in found.nodes]


def lines(found: NetworkMap) -> set[tuple[int, int]]:
    return {(one.origin_id - BASE, one.destination_id - BASE) for one in found.vectors}


def test_a_small_network_is_shown_whole(line: App) -> None:
    found = line.run(read_network_map, 1)
    assert (numbers(found), found.total, found.is_partial) == (list(range(1, 31)), 30, False)
    assert lines(found) == {(one, one + 1) for one in range(1, 30)}


def test_a_range_has_its_own_nodes_and_the_vectors_between_them(line: App) -> None:
    found = line.run(read_network_map, 1, first=10, last=12)
    assert (numbers(found), lines(found)) == ([10, 11, 12], {(10, 11), (11, 12)})


@pytest.mark.parametrize(
    ("node", "expected"), [(1, [1, 2, 3]), (15, [13, 14, 15, 16, 17]), (30, [28, 29, 30])]
)
def test_two_steps_around_a_node(line: App, node: int, expected: list[int]) -> None:
    found = line.run(read_network_map, 1, around=BASE + node)
    assert (numbers(found), found.around) == (expected, BASE + node)
    assert len(found.vectors) == len(expected) - 1


@pytest.mark.parametrize("asked", [{"first": 31}, {"first": 9, "last": 4}, {"last": 0}])
def test_an_empty_range_is_refused(line: App, asked: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="nodes 1 to 30"):
        line.run(read_network_map, 1, **asked)


@pytest.mark.parametrize(
    "asked", [{"network_id": 2}, {"network_id": 1, "around": BASE + 31}, {"network_id": 1, "around": 7}]
)
def test_what_does_not_exist_is_not_found(line: App, asked: dict[str, int]) -> None:
    with pytest.raises(NotFound):
        line.run(read_network_map, **asked)


@pytest.fixture
def generations(engine: Engine) -> App:
    """A network of four generations of three, of which each node has one parent, behind a source."""
    with begin(engine) as uow:
        network = DiscreteGenerational(generations=4, generation_size=3, initial_source=True)
        uow.save(network)
        source = RandomBinaryStringSource(network)
        before: list[Node] = [source]
        for _ in range(4):
            nodes = [Node(network) for _ in range(3)]
            for node, parent in zip(nodes, itertools.cycle(before), strict=False):
                parent.connect(node)
            before = nodes
        uow.commit()
    return not_launched(engine, Experiment)


@pytest.mark.parametrize(("generation", "expected"), [(1, [2, 3, 4]), (3, [5, 6, 7, 8, 9, 10])])
def test_a_generation_is_shown_with_the_one_before_it(
    generations: App, generation: int, expected: list[int]
) -> None:
    found = generations.run(read_network_map, 1, generation=generation)
    assert (numbers(found), found.generation, found.generations) == (expected, generation, 4)
    assert lines(found) == ({(5, 8), (6, 9), (7, 10)} if generation == 3 else set())
    assert found.is_partial is False


@pytest.mark.parametrize("generation", [0, 5])
def test_a_generation_that_does_not_exist_is_not_found(generations: App, generation: int) -> None:
    with pytest.raises(NotFound, match=f"no generation {generation}"):
        generations.run(read_network_map, 1, generation=generation)


def test_a_network_without_generations_has_none(line: App) -> None:
    assert line.run(read_network_map, 1).generations == 0
    with pytest.raises(NotFound, match="no generation 1"):
        line.run(read_network_map, 1, generation=1)


def test_a_failed_node_and_its_vectors_are_shown_as_failed(line: App) -> None:
    answer = line.run(managed_networks.fail_node, str(BASE + 2), "a test")
    assert (answer.failed, answer.failed_reason) == (True, "a test")
    found = line.run(read_network_map, 1, last=4)
    assert [one.failed for one in found.nodes] == [False, True, False, False]
    assert [one.failed for one in found.vectors] == [True, True, False]
    assert line.run(managed_networks.read_node, str(BASE + 2)).failed_reason == "a test"
    with pytest.raises(InvalidState, match="failed already"):
        line.run(managed_networks.fail_node, str(BASE + 2), "again")


def test_a_failed_network_says_how_many_nodes_have_failed_with_it(line: App) -> None:
    answer = line.run(managed_networks.fail_network, "1", "a test")
    stored = line.run(managed_networks.read_network, "1")
    assert (answer.n_alive_nodes, answer.n_failed_nodes) == (stored.n_alive_nodes, stored.n_failed_nodes)
    assert (stored.failed, stored.n_failed_nodes) == (True, 30)
    with pytest.raises(InvalidState, match="failed already"):
        line.run(managed_networks.fail_network, "1", "again")


def test_an_empty_network_has_an_empty_map(engine: Engine) -> None:
    make(engine, 0, in_line)
    found = not_launched(engine, Experiment).run(read_network_map, 1)
    assert (found.nodes, found.vectors, found.total, found.parts) == ([], [], 0, [])


def test_a_large_network_is_shown_in_parts_beginning_with_the_newest(sqlite: Engine) -> None:
    make(sqlite, 450, in_line)
    app = not_launched(sqlite, Experiment)
    found = app.run(read_network_map, 1)
    assert numbers(found) == list(range(251, 451))
    assert [(one.first, one.last, one.is_shown) for one in found.parts] == [
        (1, 200, False),
        (201, 400, True),
        (401, 450, True),
    ]


def test_a_map_that_did_not_look_at_everything_says_so(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(sqlite, 40, in_line)
    monkeypatch.setattr(network_map, "_PAGE", 10)
    monkeypatch.setattr(network_map, "MOST_LOOKED_AT", 30)
    found = not_launched(sqlite, Experiment).run(read_network_map, 1)
    assert (found.is_partial, len(found.nodes)) == (True, 40)
    assert len(found.vectors) < 39


def test_ids_that_are_not_numbers_are_not_found(sqlite: Engine) -> None:
    make(sqlite, 1, in_line)
    app = not_launched(sqlite, Experiment)
    for text in ("x", "0", "-1", "1" * 40, "\N{ARABIC-INDIC DIGIT ONE}"):
        for read in (managed_networks.read_network, managed_networks.read_node):
            with pytest.raises(NotFound):
                app.run(read, text)
