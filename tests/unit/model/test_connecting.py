"""Vectors: which nodes can be connected, and which are."""

from __future__ import annotations

import pytest

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.experiment.nodes import Agent
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import Story, a_network, ends, join, later


@pytest.fixture
def network(work: EngineUnitOfWork) -> Network:
    return a_network(work)


def three(network: Network) -> list[Node]:
    return [join(network) for _ in range(3)]


@pytest.mark.parametrize(
    ("direction", "made"), [("to", [(1, 2)]), ("from", [(2, 1)]), ("both", [(1, 2), (2, 1)])]
)
def test_connect_makes_vectors_in_the_direction_asked(
    network: Network, direction: str, made: list[tuple[int, int]]
) -> None:
    first, second, _ = three(network)
    first.connect(direction=direction, whom=second)
    assert ends(network) == made


def test_connect_goes_to_the_other_by_default(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)
    assert ends(network) == [(1, 2)]


def test_connect_flattens_nested_lists(network: Network) -> None:
    first, second, third = three(network)
    first.connect(whom=[[second], (third,)])
    assert ends(network) == [(1, 2), (1, 3)]


def test_connect_returns_the_new_vectors(network: Network) -> None:
    first, second, third = three(network)
    assert first.connect(whom=[second, third]) == network.vectors()


@pytest.mark.parametrize("direction", ["to", "from", "both"])
def test_connect_returns_the_vectors_to_each_of_several_nodes(network: Network, direction: str) -> None:
    first, second, third = three(network)
    made = first.connect(whom=[second, third], direction=direction)
    assert sorted((v.origin_id % 100_000, v.destination_id % 100_000) for v in made) == ends(network)


def test_a_warning_about_a_connection_names_the_line_that_connects(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)
    with pytest.warns(UserWarning, match="already connected") as warned:
        first.connect(whom=second)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("direction", ["to", "from"])
def test_a_new_node_is_connected_without_reading_what_the_others_made(
    network: Network, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    three(network)
    with later(network.work) as again:
        nodes = again.network(network.id).nodes()
        newcomer = join(nodes[0].network)
        queries: list[object] = []
        query = again._engine.query
        monkeypatch.setattr(again._engine, "query", lambda *given: queries.append(given) or query(*given))
        newcomer.connect(whom=nodes, direction=direction)
        assert queries == []


@pytest.mark.filterwarnings("ignore:.*already connected")
def test_an_existing_connection_is_left(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)
    assert (first.connect(whom=second), ends(network)) == ([], [(1, 2)])


def test_an_existing_connection_is_warned_about(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)
    with pytest.warns(UserWarning, match="already connected"):
        first.connect(whom=second)


@pytest.mark.filterwarnings("ignore:.*already connected")
def test_half_a_connection_is_completed(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)
    first.connect(whom=second, direction="both")
    assert ends(network) == [(1, 2), (2, 1)]


def test_a_connection_that_failed_can_be_made_again(network: Network) -> None:
    first, second, _ = three(network)
    first.connect(whom=second)[0].fail()
    first.connect(whom=second)
    assert ends(network) == [(1, 2)]


def test_nodes_of_earlier_requests_are_connected(network: Network, work: EngineUnitOfWork) -> None:
    first, second, _ = three(network)
    with later(work) as again:
        again.node(first.id).connect(whom=again.node(second.id), direction="both")
        with later(again) as third:
            assert ends(third.network(1)) == [(1, 2), (2, 1)]


def test_a_vector_knows_its_ends(network: Network) -> None:
    first, second, _ = three(network)
    (vector,) = first.connect(whom=second)
    assert (vector.origin, vector.destination, vector.network) == (first, second, network)


def test_a_source_is_not_a_destination(network: Network) -> None:
    node, source = join(network), Story(network)
    with pytest.raises(RuleBroken, match="is a source"):
        node.connect(whom=source)


def test_a_source_connects_no_node_to_itself(network: Network) -> None:
    node, source = join(network), Story(network)
    with pytest.raises(RuleBroken, match="is a source"):
        source.connect(whom=node, direction="from")


def test_a_node_does_not_connect_to_itself(network: Network) -> None:
    node = join(network)
    with pytest.raises(RuleBroken, match="itself"):
        node.connect(whom=node)


def test_a_node_does_not_connect_to_another_network(network: Network, work: EngineUnitOfWork) -> None:
    node, stranger = join(network), join(a_network(work))
    with pytest.raises(RuleBroken, match="another network"):
        node.connect(whom=stranger)


@pytest.mark.parametrize("dead", [0, 1])
def test_failed_nodes_are_not_connected(network: Network, dead: int) -> None:
    nodes = three(network)
    nodes[dead].fail()
    with pytest.raises(RuleBroken, match="has failed"):
        nodes[0].connect(whom=nodes[1])


def test_only_nodes_are_connected(network: Network) -> None:
    with pytest.raises(RuleBroken, match="only connect to nodes"):
        join(network).connect(whom=network)


def test_a_refused_list_connects_no_node(network: Network) -> None:
    first, second, _ = three(network)
    with pytest.raises(RuleBroken):
        first.connect(whom=[second, first])
    assert ends(network) == []


@pytest.mark.parametrize("direction", ["either", "incoming", ""])
def test_connect_knows_three_directions(network: Network, direction: str) -> None:
    first, second, _ = three(network)
    with pytest.raises(BadRequest, match="direction must be"):
        first.connect(whom=second, direction=direction)


@pytest.fixture
def cross(network: Network) -> list[Node]:
    """The first node sends to the second, the third to the first, the fourth both ways."""
    nodes = [join(network) for _ in range(5)]
    nodes[0].connect(whom=nodes[1])
    nodes[0].connect(whom=nodes[2], direction="from")
    nodes[0].connect(whom=nodes[3], direction="both")
    return nodes


NEIGHBORS = {"to": [1, 3], "from": [2, 3], "either": [1, 2, 3], "both": [3]}


@pytest.mark.parametrize("direction", NEIGHBORS)
def test_neighbors_are_those_in_the_direction_asked(cross: list[Node], direction: str) -> None:
    assert [cross.index(n) for n in cross[0].neighbors(direction=direction)] == NEIGHBORS[direction]


def test_neighbors_are_those_it_sends_to_by_default(cross: list[Node]) -> None:
    assert cross[0].neighbors() == [cross[1], cross[3]]


@pytest.mark.parametrize("direction", NEIGHBORS)
def test_is_connected_means_what_it_says(cross: list[Node], direction: str) -> None:
    found = [n for n in range(1, 5) if cross[0].is_connected(cross[n], direction=direction)]
    assert found == NEIGHBORS[direction]


def test_is_connected_answers_a_list_with_a_list(cross: list[Node]) -> None:
    assert cross[0].is_connected(cross[1:]) == [True, False, True, False]


def test_is_connected_answers_a_node_with_a_word(cross: list[Node]) -> None:
    assert cross[0].is_connected(cross[4]) is False


@pytest.mark.parametrize("direction", ["all", "incoming", ""])
def test_neighbors_know_four_directions(cross: list[Node], direction: str) -> None:
    with pytest.raises(BadRequest, match="connection must be"):
        cross[0].neighbors(direction=direction)


def test_neighbors_refuse_a_failed_filter(cross: list[Node]) -> None:
    with pytest.raises(BadRequest, match="doesn't accept `failed`"):
        cross[0].neighbors(failed=True)


def test_is_connected_refuses_a_failed_filter(cross: list[Node]) -> None:
    with pytest.raises(BadRequest, match="doesn't accept `failed`"):
        cross[0].is_connected(cross[1], failed=False)


def test_neighbors_are_filtered_by_class(network: Network) -> None:
    first, second, agent = join(network), join(network), join(network, Agent)
    first.connect(whom=[second, agent])
    assert first.neighbors(type=Agent) == [agent]


def test_failed_nodes_are_not_neighbors(cross: list[Node]) -> None:
    cross[1].fail()
    assert cross[0].neighbors() == [cross[3]]


def test_failed_vectors_make_no_neighbors(cross: list[Node]) -> None:
    next(v for v in cross[0].vectors() if v.destination_id == cross[1].id).fail()
    assert cross[0].neighbors() == [cross[3]]


VECTORS = {"all": 4, "incoming": 2, "outgoing": 2}


@pytest.mark.parametrize("direction", VECTORS)
def test_vectors_are_those_in_the_direction_asked(cross: list[Node], direction: str) -> None:
    assert len(cross[0].vectors(direction=direction)) == VECTORS[direction]


def test_outgoing_vectors_begin_here(cross: list[Node]) -> None:
    assert {v.origin for v in cross[0].vectors("outgoing")} == {cross[0]}


def test_vectors_know_three_directions(cross: list[Node]) -> None:
    with pytest.raises(BadRequest, match="direction must be"):
        cross[0].vectors("to")


@pytest.mark.parametrize(("failed", "count"), [(False, 3), (True, 1), ("all", 4)])
def test_vectors_are_filtered_by_failed(cross: list[Node], failed: bool | str, count: int) -> None:
    cross[0].vectors()[0].fail()
    assert len(cross[0].vectors(failed=failed)) == count
