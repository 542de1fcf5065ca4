"""Networks and connected nodes, stored, for the tests of the unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.experiment.networks import Empty
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.transformation import Transformation
from chalicelib.storage.engine import Engine
from tests.contract.factories import NOW, begin


def a_network(engine: Engine, nodes: int = 0, kind: type[Network] = Empty) -> list[int]:
    """Store a network with nodes; return their ids."""
    with begin(engine, NOW) as work:
        network = kind()
        work.save(network)
        made = [Node(network=network) for _ in range(nodes)]
        for node in made:
            network.add_node(node)
        work.commit()
        return [node.id for node in made]


def a_family(engine: Engine) -> list[int]:
    """Store three connected nodes, with an info received and transformed; return their ids."""
    ids = a_network(engine, 3)
    with begin(engine) as work:
        first, second, third = work.nodes(ids)
        first.connect(whom=[second, third])
        Info(origin=first, contents="heard")
        first.transmit()
        received = second.receive()
        Transformation(info_in=received[0].info, info_out=Info(origin=second, contents="told"))
        work.commit()
    return ids


COLLECTIONS: dict[str, Callable[[Network], list[Any]]] = {
    "nodes": lambda network: network.nodes(),
    "vectors": lambda network: network.vectors(),
    "infos": lambda network: network.infos(),
    "transmissions": lambda network: network.transmissions(),
    "transformations": lambda network: network.transformations(),
}
