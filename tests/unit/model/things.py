"""Networks, people, nodes and answers for the tests of the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from chalicelib.experiment.networks import Empty
from chalicelib.experiment.nodes import Source
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.operations.network.create_info import mark_answered
from chalicelib.storage.unit_of_work import EngineUnitOfWork

NOW = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
N = TypeVar("N", bound=Network)


class Story(Source):
    """A source with a story."""

    type = "story_of_the_model"

    def _contents(self) -> str:
        return "once"


def later(work: EngineUnitOfWork, seconds: float = 60) -> EngineUnitOfWork:
    """Commit a unit and begin the next one, some time after it."""
    work.commit()
    return EngineUnitOfWork(work._engine, work.now + timedelta(seconds=seconds))


def put(work: EngineUnitOfWork, network: N) -> N:
    """Make a network part of the experiment."""
    work.save(network)
    return network


def a_network(work: EngineUnitOfWork, **settings: Any) -> Empty:
    return put(work, Empty(**settings))


def a_person(work: EngineUnitOfWork, name: str = "w") -> Participant:
    person = Participant("hotair", name, f"a-{name}", "h")
    work.save(person)
    return person


def join(network: Network, kind: type[Node] = Node) -> Node:
    """Let a new participant take the next place."""
    person = a_person(network.work)
    node = kind(network=network, participant=person)
    network.add_node(node)
    return node


def joined(network: Network, count: int, *, answering: bool = True) -> list[Node]:
    """Let several join, each after the one before has answered."""
    nodes = []
    for _ in range(count):
        node = join(network)
        if answering:
            answer(node)
        nodes.append(node)
    return nodes


def answer(node: Node, contents: str = "answer") -> Info:
    """Post an info as the participant does."""
    info = Info(origin=node, contents=contents)
    mark_answered(node, info)
    return info


def a_source(network: Network, kind: type[Source] = Story) -> Source:
    source = kind(network=network)
    network.add_node(source)
    return source


def ends(network: Network) -> list[tuple[int, int]]:
    """The living vectors as pairs of the numbers of their nodes, in order."""
    return sorted((v.origin_id % 100_000, v.destination_id % 100_000) for v in network.vectors())


def sent(origin: Node, destination: Node, contents: str = "news") -> Any:
    """Connect two nodes and send a new info along; return the transmission."""
    if not origin.is_connected(destination):
        origin.connect(whom=destination)
    (transmission,) = origin.transmit(what=Info(origin=origin, contents=contents), to_whom=destination)
    return transmission
