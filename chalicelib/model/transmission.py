"""Defines transmissions, each of which is one info sent along one vector."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from chalicelib.errors import RuleBroken

from .failing import end_nodes
from .record import Record
from .statuses import TRANSMISSION_TRANSITIONS, TransmissionStatus, check_transition

if TYPE_CHECKING:
    from .info import Info
    from .network import Network
    from .node import Node
    from .vector import Vector


class Transmission(Record):
    """One sending of an info, which is pending until the destination receives it."""

    object_type: ClassVar[str] = "Transmission"
    own_fields: ClassVar[tuple[str, ...]] = (
        "vector_id",
        "origin_id",
        "destination_id",
        "info_id",
        "network_id",
        "receive_time",
        "status",
        "object_type",
    )
    kept_fields: ClassVar[tuple[str, ...]] = (
        "vector_id",
        "origin_id",
        "destination_id",
        "info_id",
        "network_id",
        "receive_time",
        "status",
    )

    vector_id: int
    origin_id: int
    destination_id: int
    info_id: int
    network_id: int
    receive_time: datetime | None = None
    status: str = TransmissionStatus.PENDING.value

    _network: Network
    _info: Info | None = None
    _vector: Vector | None = None

    def __init__(self, vector: Vector, info: Info) -> None:
        """Send an info along a vector; use `node.transmit`, which checks the rules.

        Args:
            vector: The vector to send along.
            info: The info to send.

        Raises:
            RuleBroken: The info has failed.

        """
        if info.failed:
            raise RuleBroken(f"{info!r} has failed and can't be sent.")
        self.details = {}
        self.vector_id = vector.id
        self.origin_id = vector.origin_id
        self.destination_id = vector.destination_id
        self.info_id = info.id
        self.network_id = vector.network_id
        self._network = vector.network
        self._info = info
        self._vector = vector
        vector.work.attach(self)

    @property
    def is_pending(self) -> bool:
        """Whether the destination has not received it yet."""
        return self.status == TransmissionStatus.PENDING

    @property
    def is_received(self) -> bool:
        """Whether the destination has received it."""
        return self.status == TransmissionStatus.RECEIVED

    @property
    def info(self) -> Info:
        """The info that was sent."""
        return self._info if self._info is not None else self.work.info(self.info_id)

    @property
    def vector(self) -> Vector:
        """The vector that the info was sent along."""
        if self._vector is None:
            vectors = self.work.vectors_at(self.destination)
            self._vector = next(v for v in vectors if v.id == self.vector_id)
        return self._vector

    @property
    def origin(self) -> Node:
        """The node that sent the info."""
        return self.work.node(self.origin_id)

    @property
    def destination(self) -> Node:
        """The node that the info was sent to."""
        return self.work.node(self.destination_id)

    @property
    def network(self) -> Network:
        """The network that the transmission belongs to."""
        return self._network

    def mark_received(self) -> None:
        """Set the status to received, with a receive time after all others of the same request."""
        self.receive_time = self.work.next_receipt(self)
        self.status = check_transition(TRANSMISSION_TRANSITIONS, self.status, TransmissionStatus.RECEIVED)

    def _failed_above(self) -> Record | None:
        return self._network.mark_above(*end_nodes(self.object_type, self.__dict__))
