"""Experiments that the web API is tried with."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.networks import Chain, Empty, FullyConnected
from chalicelib.experiment.nodes import Source
from chalicelib.model.network import Network
from chalicelib.model.node import Node

#: What the source of a `Retelling` begins with.
STORY = "One night two young men went down to the river."


class Talk(Experiment):
    """One network in which each node hears all others; hooks record their calls."""

    experiment_repeats = 1
    seats: ClassVar[int] = 10
    #: The hooks called, in order, by name.
    journal: ClassVar[list[str]] = []

    def configure(self) -> None:
        self.public_properties = {"seats": self.seats, "nothing": None}

    def create_network(self) -> Network:
        return FullyConnected(max_size=self.seats)


class Told(Source):
    type = "told"

    def _contents(self) -> str:
        return STORY


class Retelling(Experiment):
    """Chains that begin with a story."""

    experiment_repeats = 1
    places: ClassVar[int] = 4

    def setup(self) -> None:
        super().setup()
        for network in self.networks():
            network.add_node(Told(network=network))

    def create_network(self) -> Network:
        return Chain(max_size=self.places + 1)

    def add_node_to_network(self, node: Node, network: Network) -> None:
        network.add_node(node)
        (parent,) = node.neighbors(direction="from")
        parent.transmit(to_whom=node)
        node.receive()


class Islands(Experiment):
    """Two networks without connections."""

    experiment_repeats = 2

    def create_network(self) -> Network:
        return Empty()

    def choose_network(self, networks: list[Network], participant: Any) -> Network:
        del participant
        return networks[0]


class Archipelago(Islands):
    """Islands, and something that pages may know of them."""

    def configure(self) -> None:
        self.public_properties = {"seats": 3}


def with_hooks(base: type[Experiment], **members: Any) -> type[Experiment]:
    """Return a subclass with these members; a function takes the experiment first."""
    return type("Tried", (base,), {"journal": [], **members})
