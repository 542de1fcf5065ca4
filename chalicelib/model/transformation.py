"""Defines transformations, which relate an info to the one that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chalicelib.errors import RuleBroken

from .failing import end_nodes
from .record import Record

if TYPE_CHECKING:
    from .info import Info
    from .network import Network
    from .node import Node


class Transformation(Record):
    """The relation of an info, `info_out`, to the info that its node made it from, `info_in`."""

    type = "transformation"
    object_type: ClassVar[str] = "Transformation"
    own_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "info_in_id",
        "info_out_id",
        "node_id",
        "network_id",
        "object_type",
    )
    kept_fields: ClassVar[tuple[str, ...]] = ("type", "info_in_id", "info_out_id", "node_id", "network_id")

    info_in_id: int
    info_out_id: int
    node_id: int
    network_id: int

    _network: Network

    def __init__(self, info_in: Info, info_out: Info) -> None:
        """Record a transformation at the node that made `info_out`.

        Args:
            info_in: The info that was transformed, which the node made or received.
            info_out: The info that resulted.

        Raises:
            RuleBroken: The node has failed, or neither made nor received `info_in`.

        """
        node = info_out.origin
        if node.failed:
            raise RuleBroken(f"{node!r} has failed and can't transform infos.")
        self._check_input(node, info_in)
        self.details = {}
        self.info_in_id = info_in.id
        self.info_out_id = info_out.id
        self.node_id = node.id
        self.network_id = node.network_id
        self._network = node.network
        node.work.attach(self)

    @staticmethod
    def _check_input(node: Node, info_in: Info) -> None:
        if info_in.origin_id == node.id:
            return
        received = (t.info_id for t in node.work.transmissions_to(node) if t.is_received)
        if info_in.id not in set(received):
            raise RuleBroken(f"{node!r} can't transform {info_in!r}: it neither made nor received it.")

    @property
    def info_in(self) -> Info:
        """The info that was transformed."""
        return self.work.info(self.info_in_id)

    @property
    def info_out(self) -> Info:
        """The info that resulted."""
        return self.work.info(self.info_out_id)

    @property
    def node(self) -> Node:
        """The node that made the transformation."""
        return self.work.node(self.node_id)

    @property
    def network(self) -> Network:
        """The network that the transformation belongs to."""
        return self._network

    def _failed_above(self) -> Record | None:
        return self._network.mark_above(*end_nodes(self.object_type, self.__dict__))


class Replication(Transformation):
    """A transformation to an exact copy."""

    type = "replication"


class Mutation(Transformation):
    """A transformation to a changed copy."""

    type = "mutation"
