from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dashboard.network_map.layout import Arrangement, arrange, place

CHAIN = [(1, 2), (2, 3), (3, 4)]
STAR = [(1, 2), (1, 3), (1, 4), (4, 1)]
GENERATIONS = [(1, 3), (1, 4), (2, 3), (2, 4), (3, 5), (4, 5)]
EVERYBODY = list(itertools.permutations(range(1, 6), 2))


@pytest.mark.parametrize(
    ("nodes", "edges", "expected"),
    [
        (range(1, 5), CHAIN, Arrangement.CHAIN),
        (range(1, 5), STAR, Arrangement.STAR),
        (range(1, 6), GENERATIONS, Arrangement.LAYERS),
        (range(1, 6), EVERYBODY, Arrangement.CIRCLE),
        (range(1, 4), [], Arrangement.CIRCLE),
        (range(1, 200), [], Arrangement.GRID),
        (range(1, 4), [(1, 2), (2, 3), (3, 1)], Arrangement.CIRCLE),
    ],
)
def test_the_arrangement_follows_the_shape_of_the_network(nodes, edges, expected):
    assert arrange(list(nodes), edges) is expected


def test_neighbours_in_a_chain_stay_neighbours_in_the_next_row():
    nodes = list(range(1, 40))
    places = place(nodes, itertools.pairwise(nodes))
    for one, other in itertools.pairwise(nodes):
        (x1, y1), (x2, y2) = places[one], places[other]
        assert abs(x1 - x2) + abs(y1 - y2) == 1


def test_a_layer_stands_below_all_nodes_that_lead_to_it():
    places = place(range(1, 6), GENERATIONS)
    assert all(places[origin].y < places[destination].y for origin, destination in GENERATIONS)


def test_the_hub_of_a_star_is_in_the_middle():
    nodes = list(range(1, 30))
    places = place(nodes, [(7, one) for one in nodes if one != 7])
    across = [places[one].x for one in nodes]
    assert places[7].x == pytest.approx((min(across) + max(across)) / 2, abs=0.2)


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=60, unique=True),
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=120),
    st.sampled_from([None, *Arrangement]),
)
def test_every_node_has_a_place_of_its_own_inside_the_picture(nodes, edges, arrangement):
    places = place(nodes, edges, arrangement)
    assert set(places) == set(nodes)
    assert all(x >= -1e-9 and y >= -1e-9 for x, y in places.values())
    assert len({(round(x, 3), round(y, 3)) for x, y in places.values()}) == len(nodes)
