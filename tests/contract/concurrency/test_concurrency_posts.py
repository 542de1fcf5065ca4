"""Many post at once: all is there, once, and a round goes on exactly once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib.experiment.networks import Empty
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import a_room, an_app, arrived, at_once, begin, refusals, say, take_place

PLAYERS = 8


def crowd_of_nodes(engine: Engine, count: int) -> list[int]:
    """Put so many nodes into network 1; return their ids."""
    with begin(engine) as work:
        network = work.network(1)
        nodes = [Node(network=network) for _ in range(count)]
        work.commit()
        return [node.id for node in nodes]


def post_at_once(app: App, node_ids: list[int], clients: int) -> list[Any]:
    """Have clients post to these nodes at once, each at its own ones."""

    def post(number: int) -> None:
        for node_id in node_ids[number::clients]:
            say(app, node_id, f"of {node_id}")

    return at_once([partial(post, number) for number in range(clients)])


def test_two_hundred_infos_posted_at_once_are_all_there_once(shared: Engine) -> None:
    app = an_app(shared)
    nodes = crowd_of_nodes(shared, 200)
    post_at_once(app, nodes, 50)
    with begin(shared) as work:
        assert sorted(str(info.contents) for info in work.network(1).infos()) == [f"of {n}" for n in nodes]


def test_those_who_only_post_never_meet(crowded: Engine) -> None:
    app = an_app(crowded)
    refused = refusals(post_at_once(app, crowd_of_nodes(crowded, 64), 32))
    assert (refused, app.conflicts) == ([], 0)


def test_posts_at_one_node_are_all_there_once(crowded: Engine) -> None:
    app = an_app(crowded)
    (node,) = crowd_of_nodes(crowded, 1)
    at_once([partial(say, app, node, f"{n}") for n in range(8)])
    with begin(crowded) as work:
        infos = work.node(node).infos()
        assert sorted(str(info.contents) for info in infos) == [str(n) for n in range(8)]


def go_on_when_all_have_answered(self: Any, node: Node, info: Info) -> None:
    """Advance the network's round whenever all nodes have answered once more."""
    network = node.network
    if len(network.infos()) % PLAYERS == 0:
        network.property1 = str(int(network.property1 or 0) + 1)


def rounds_after(engine: Engine, times: int) -> str | None:
    """Let eight answer at once, so often; return the round that the network has come to."""
    app = an_app(engine, a_room(Empty, info_post_request=go_on_when_all_have_answered))
    nodes = crowd_of_nodes(engine, PLAYERS)
    for _ in range(times):
        post_at_once(app, nodes, PLAYERS)
    with begin(engine) as work:
        return work.network(1).property1


def test_eight_answers_at_once_advance_the_round_exactly_once(crowded: Engine) -> None:
    assert rounds_after(crowded, 1) == "1"


def test_every_round_advances_exactly_once(sqlite: Engine) -> None:
    assert rounds_after(sqlite, 5) == "5"


def go_on_when_neighbors_have_answered(self: Any, node: Node, info: Info) -> None:
    """Note who came last: the one whose neighbours have all answered."""
    if all(other.has_answered for other in node.neighbors()):
        node.property1 = "last"


def connect_both_ways(self: Any, node: Node, network: Network) -> None:
    for other in network.nodes():
        if other is not node:
            node.connect(whom=other, direction="both")


def test_one_request_notices_that_all_neighbors_have_answered(crowded: Engine) -> None:
    hooks = {
        "info_post_request": go_on_when_neighbors_have_answered,
        "add_node_to_network": connect_both_ways,
    }
    app = an_app(crowded, a_room(Empty, **hooks))
    nodes = [take_place(app, person)["id"] for person in arrived(app, 4)]
    post_at_once(app, nodes, 4)
    with begin(crowded) as work:
        assert [node.property1 for node in work.nodes(nodes)].count("last") == 1


def count_in_state(self: Any, node: Node, info: Info) -> None:
    self.state["answers"] = self.state.get("answers", 0) + 1


def test_a_count_in_the_experiments_state_misses_no_participant(crowded: Engine) -> None:
    app = an_app(crowded, a_room(Empty, info_post_request=count_in_state))
    post_at_once(app, crowd_of_nodes(crowded, 8), 8)
    with begin(crowded) as work:
        assert work.state["state"] == {"answers": 8}


@pytest.mark.parametrize("times", [2, 8])
def test_one_request_sent_many_times_at_once_makes_one_info(crowded: Engine, times: int) -> None:
    app = an_app(crowded)
    (node,) = crowd_of_nodes(crowded, 1)
    answers = at_once([partial(say, app, node, "x", "r-1")] * times)
    with begin(crowded) as work:
        assert (len(work.node(node).infos()), answers) == (1, [answers[0]] * times)
