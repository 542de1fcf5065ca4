"""Preferential attachment with distinct targets."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.experiment.networks import ScaleFree, draw_distinct
from chalicelib.model.network import Network
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW, ends, join, joined, later, put


def real_degrees(network: Network) -> dict[str, int]:
    """How many living neighbours each living node has."""
    return {str(node.id): len(node.neighbors(direction="either")) for node in network.nodes()}


def test_the_founders_know_one_another(work: EngineUnitOfWork) -> None:
    network = put(work, ScaleFree(m0=4, m=2))
    joined(network, 4)
    assert ends(network) == [(a, b) for a in range(1, 5) for b in range(1, 5) if a != b]


def test_later_nodes_are_connected_both_ways_with_m_others(work: EngineUnitOfWork) -> None:
    network = put(work, ScaleFree(m0=4, m=2))
    joined(network, 4)
    node = join(network)
    assert (len(node.neighbors(direction="both")), len(node.vectors())) == (2, 4)


def test_no_node_is_connected_with_more_nodes_than_exist(work: EngineUnitOfWork) -> None:
    network = put(work, ScaleFree(m0=2, m=5))
    joined(network, 2)
    assert len(join(network).neighbors()) == 2


def test_its_numbers_are_kept(work: EngineUnitOfWork) -> None:
    put(work, ScaleFree(m0=4, m=2))
    with later(work) as again:
        found = again.network(1)
        assert isinstance(found, ScaleFree)
        assert (found.m0, found.m) == (4, 2)


@settings(max_examples=25, deadline=None)
@given(
    m0=st.integers(1, 5),
    m=st.integers(1, 5),
    steps=st.lists(st.sampled_from(["join", "join", "join", "fail"]), max_size=14),
    seed=st.integers(0, 999),
)
def test_the_degrees_it_remembers_are_the_real_ones(m0: int, m: int, steps: list[str], seed: int) -> None:
    random.seed(seed)
    with tempfile.TemporaryDirectory() as folder, EngineUnitOfWork(_engine(folder), NOW) as work:
        network = put(work, ScaleFree(m0=m0, m=m))
        for step in steps:
            living = network.nodes()
            if step == "fail" and living:
                random.choice(living).fail()
            else:
                join(network)
        assert network.structure.get("degrees", {}) == real_degrees(network)
        work._engine.close()


def _engine(folder: str) -> SQLiteEngine:
    return SQLiteEngine(Path(folder) / "run.sqlite")


def test_the_degrees_outlive_the_request(work: EngineUnitOfWork) -> None:
    joined(put(work, ScaleFree(m0=3, m=2)), 5)
    with later(work) as again:
        join(again.network(1))
        assert again.network(1).structure["degrees"] == real_degrees(again.network(1))


@given(weights=st.dictionaries(st.integers(), st.integers(0, 9), max_size=9), count=st.integers(0, 9))
@settings(deadline=None)
def test_drawn_targets_are_distinct(weights: dict[int, int], count: int) -> None:
    drawn = draw_distinct(weights, count)
    assert len(set(drawn)) == len(drawn) == min(count, len(weights))


@given(weights=st.dictionaries(st.integers(), st.integers(0, 9), max_size=9), count=st.integers(0, 9))
@settings(deadline=None)
def test_drawn_targets_are_among_those_there(weights: dict[int, int], count: int) -> None:
    assert set(draw_distinct(weights, count)) <= set(weights)


def test_targets_are_drawn_in_proportion_to_their_degree() -> None:
    random.seed("preferential attachment")
    drawn = Counter(draw_distinct({1: 1, 2: 3, 3: 6}, 1)[0] for _ in range(10_000))
    # Five standard deviations around 10, 30 and 60 per cent.
    assert all(abs(drawn[key] - share) < 250 for key, share in {1: 1000, 2: 3000, 3: 6000}.items())


def test_a_node_without_connections_is_drawn_when_no_other_is_left() -> None:
    assert sorted(draw_distinct({1: 0, 2: 5}, 2)) == [1, 2]


def test_the_well_connected_grow_faster(work: EngineUnitOfWork) -> None:
    random.seed("the rich get richer")
    network = put(work, ScaleFree(m0=3, m=1))
    joined(network, 60, answering=False)
    degrees = sorted(real_degrees(network).values())
    # With uniform attachment the largest degree of 60 nodes is far below ten.
    assert (degrees[0], degrees[-1] >= 10) == (1, True)
