"""Defines the interface through which records use their unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .info import Info
    from .network import Network
    from .node import Node
    from .participant import Participant
    from .question import Question
    from .record import Record
    from .transformation import Transformation
    from .transmission import Transmission
    from .vector import Vector


class Repository(Protocol):
    """The records as one request sees them: stored ones and its own new and changed ones.

    Lists are complete: they contain the stored records and those that this unit of work has made, failed
    ones included, sorted by (creation_time, id). Each record is one object, however often it is read.
    """

    @property
    def now(self) -> datetime:
        """The time of this unit of work, which is the same in each retry."""

    def next_receipt(self, transmission: Transmission) -> datetime:
        """Return the time at which a transmission is received, later than all others of this unit of work."""

    def attach(self, record: Record) -> None:
        """Add a new record to this unit of work and set its id and creation time."""

    def network(self, network_id: int) -> Network:
        """Return a network, or raise NotFound."""

    def networks(self) -> Sequence[Network]:
        """All networks, in order of id."""

    def node(self, node_id: int) -> Node:
        """Return a node, or raise NotFound."""

    def nodes(self, node_ids: Sequence[int]) -> Sequence[Node]:
        """Return several nodes of one network, read in one call; NotFound if one is missing."""

    def node_with_things(self, node_id: int) -> Node:
        """Return a node after reading it together with its infos and vectors, in one call."""

    def participant(self, participant_id: int) -> Participant:
        """Return a participant, or raise NotFound."""

    def info(self, info_id: int) -> Info:
        """Return an info, or raise NotFound."""

    def nodes_in(self, network: Network) -> Sequence[Node]:
        """All nodes of a network."""

    def infos_in(self, network: Network) -> Sequence[Info]:
        """All infos of a network."""

    def vectors_in(self, network: Network) -> Sequence[Vector]:
        """All vectors of a network."""

    def transmissions_in(self, network: Network) -> Sequence[Transmission]:
        """All transmissions of a network."""

    def transformations_in(self, network: Network) -> Sequence[Transformation]:
        """All transformations of a network."""

    def infos_at(self, node: Node) -> Sequence[Info]:
        """All infos that a node made."""

    def vectors_at(self, node: Node) -> Sequence[Vector]:
        """All vectors that begin or end at a node."""

    def transmissions_to(self, node: Node) -> Sequence[Transmission]:
        """All transmissions sent to a node, loaded together with their infos."""

    def transmissions_from(self, node: Node) -> Sequence[Transmission]:
        """All transmissions sent by a node."""

    def transformations_at(self, node: Node) -> Sequence[Transformation]:
        """All transformations made at a node."""

    def nodes_of(self, participant: Participant) -> Sequence[Node]:
        """All nodes of a participant."""

    def questions_of(self, participant: Participant) -> Sequence[Question]:
        """All questions that a participant answered."""

    def failing(self, record: Record, reason: str | None) -> AbstractContextManager[None]:
        """Note that a record fails in this block, so that the failure can be left to a later commit."""

    def mark_network_read(self, network: Network, node: Node | None = None) -> None:
        """Record that code read more of a network than the request's own nodes.

        If the unit of work writes anything, its commit is then conditional on the network's version.
        """
