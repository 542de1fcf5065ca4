"""Defines vectors, the directed connections between nodes of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from .failing import end_nodes
from .record import Cascade, Record, with_status

if TYPE_CHECKING:
    from .network import Network
    from .node import Node
    from .transmission import Transmission


class Vector(Record):
    """A connection along which one node can send infos to another, made by `node.connect`."""

    object_type: ClassVar[str] = "Vector"
    own_fields: ClassVar[tuple[str, ...]] = ("origin_id", "destination_id", "network_id", "object_type")
    kept_fields: ClassVar[tuple[str, ...]] = ("origin_id", "destination_id", "network_id")

    origin_id: int
    destination_id: int
    network_id: int

    _network: Network

    def __init__(self, origin: Node, destination: Node) -> None:
        """Connect two nodes; use `node.connect`, which checks the rules.

        Args:
            origin: The node that can send.
            destination: The node that can receive.

        """
        self.details = {}
        self.origin_id = origin.id
        self.destination_id = destination.id
        self.network_id = origin.network_id
        self._network = origin.network
        origin.work.attach(self)

    @property
    def origin(self) -> Node:
        """The node that can send."""
        return self.work.node(self.origin_id)

    @property
    def destination(self) -> Node:
        """The node that can receive."""
        return self.work.node(self.destination_id)

    @property
    def network(self) -> Network:
        """The network that the vector belongs to."""
        return self._network

    def transmissions(self, status: str = "all") -> list[Transmission]:
        """Return the transmissions that were sent along this vector.

        Args:
            status: `"pending"`, `"received"` or `"all"`.

        Returns:
            The transmissions, failed ones included.

        Raises:
            BadRequest: `status` has another value.

        """
        self.work.mark_network_read(self._network)
        sent = [t for t in self.work.transmissions_to(self.destination) if t.vector_id == self.id]
        return with_status(sent, status)

    @property
    def all_transmissions(self) -> list[Transmission]:
        """All transmissions that were sent along this vector."""
        return self.transmissions()

    def _failed_above(self) -> Record | None:
        return self._network.mark_above(*end_nodes(self.object_type, self.__dict__))

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this vector: its transmissions."""
        return [self.transmissions]
