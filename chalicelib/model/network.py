"""Defines networks: nodes, the vectors between them, and the rule by which the next place opens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.errors import RuleBroken

from .record import (
    Cascade,
    Failed,
    Kind,
    ObjectFields,
    Record,
    alive,
    copy_on_read,
    of_kind,
    peek,
    with_status,
)
from .record_classes import all_cascades_are_default, check_type, has_default_cascade
from .statuses import TransmissionStatus

if TYPE_CHECKING:
    from .info import Info
    from .node import Node
    from .participant import Participant
    from .transformation import Transformation
    from .transmission import Transmission
    from .vector import Vector

UNLIMITED = 1_000_000


class Network(Record):
    """A set of nodes with room for `max_size` living ones, sources included.

    A subclass overrides `add_node(node)` to connect a new node, and `open_for` to decide when the next
    participant can join. `structure` is a small JSON object on the network's own record, in which a
    network stores what it needs for that, so that it doesn't have to list its nodes.
    """

    type = "network"
    object_type: ClassVar[str] = "Network"
    own_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "max_size",
        "full",
        "role",
        "n_pending_infos",
        "n_completed_infos",
        "n_failed_infos",
        "n_alive_nodes",
        "n_failed_nodes",
        "object_type",
    )
    kept_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "max_size",
        "full",
        "role",
        "n_alive",
        "n_sources",
        "last_node",
        "last_time",
        "structure",
        "failed_nodes",
        "deep",
        "pub",
        "lease",
    )

    object_fields: ClassVar[ObjectFields] = (("details", dict), ("structure", dict), ("failed_nodes", list))

    max_size: int = UNLIMITED
    full: bool = False
    role: str = "default"
    #: Living nodes, sources included.
    n_alive: int = 0
    #: Living sources.
    n_sources: int = 0
    #: The number of the newest node; its id is `id * 100_000 + last_node`.
    last_node: int = 0
    #: The newest creation time in the network's structure.
    last_time: datetime | None = None
    structure: dict[str, Any] = copy_on_read()
    #: Ids of the failed nodes whose infos, vectors and so on have failed with them, in the order of failing.
    failed_nodes: list[int] = copy_on_read()
    details: dict[str, Any] = copy_on_read()
    #: Whether everything in the network has failed with it.
    deep: bool = True
    #: The newest batch of a large commit that is visible to readers.
    pub: int = 0
    #: The holder of the lease while a large commit is running: {"by": word, "until": ISO time}.
    lease: dict[str, Any] | None = None

    def __init__(self, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make a network, which `save` (or the experiment's `setup`) makes part of the experiment.

        Args:
            max_size: How many living nodes fit, sources included.
            role: What the network is for, such as `"practice"`.

        """
        self.prepare()
        self.max_size = int(max_size)
        if role is not None:
            self.role = role

    # -- reading --------------------------------------------------------------------------------

    def nodes(
        self,
        type: Kind | None = None,
        failed: Failed = False,
        participant_id: int | None = None,
        **properties: Any,
    ) -> list[Node]:
        """Return the nodes of this network.

        Args:
            type: A class of nodes, to get only nodes of that class.
            failed: False for living nodes, True for failed ones, `"all"` for both.
            participant_id: The id of a participant, to get only their nodes.
            **properties: Values of typed properties, to get only nodes that have them.

        Returns:
            The nodes, oldest first.

        Raises:
            BadRequest: `type` isn't a class of nodes, or the class has no such property.

        """
        from .node import Node

        self.work.mark_network_read(self)
        kind = check_type(type, Node)
        return [
            node
            for node in of_kind(self.work.nodes_in(self), kind, failed, properties)
            if participant_id is None or node.participant_id == participant_id
        ]

    def size(self, type: Kind | None = None, failed: Failed = False) -> int:
        """Return how many nodes this network has; without arguments, nothing is read from storage.

        Args:
            type: A class of nodes, to count only nodes of that class.
            failed: False for living nodes, True for failed ones, `"all"` for both.

        Returns:
            The number of nodes.

        Raises:
            BadRequest: `type` isn't a class of nodes.

        """
        if type is None and failed is False:
            return 0 if self.failed else self.n_alive
        return len(self.nodes(type=type, failed=failed))

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return the infos that the nodes of this network made.

        Args:
            type: A class of infos, to get only infos of that class.
            failed: False for living infos, True for failed ones, `"all"` for both.
            **properties: Values of typed properties, to get only infos that have them.

        Returns:
            The infos, oldest first.

        Raises:
            BadRequest: `type` isn't a class of infos, or the class has no such property.

        """
        from .info import Info

        self.work.mark_network_read(self)
        return of_kind(self.work.infos_in(self), check_type(type, Info), failed, properties)

    def vectors(self, failed: Failed = False) -> list[Vector]:
        """Return the vectors of this network.

        Args:
            failed: False for living vectors, True for failed ones, `"all"` for both.

        Returns:
            The vectors, oldest first.

        Raises:
            BadRequest: `failed` has another value.

        """
        self.work.mark_network_read(self)
        return alive(self.work.vectors_in(self), failed)

    def transmissions(self, status: str = "all", failed: Failed = False) -> list[Transmission]:
        """Return the transmissions of this network.

        Args:
            status: `"pending"`, `"received"` or `"all"`.
            failed: False for living transmissions, True for failed ones, `"all"` for both.

        Returns:
            The transmissions, oldest first.

        Raises:
            BadRequest: `status` or `failed` has another value.

        """
        self.work.mark_network_read(self)
        return with_status(alive(self.work.transmissions_in(self), failed), status)

    def transformations(self, type: Kind | None = None, failed: Failed = False) -> list[Transformation]:
        """Return the transformations of this network.

        Args:
            type: A class of transformations, to get only transformations of that class.
            failed: False for living transformations, True for failed ones, `"all"` for both.

        Returns:
            The transformations, oldest first.

        Raises:
            BadRequest: `type` isn't a class of transformations.

        """
        from .transformation import Transformation

        self.work.mark_network_read(self)
        return of_kind(self.work.transformations_in(self), check_type(type, Transformation), failed)

    def latest_transmission_recipient(self) -> Node | None:
        """Return the node that received a transmission last.

        Returns:
            The node, or None when no living transmission has been received.

        """
        sent = self.transmissions(status=TransmissionStatus.RECEIVED)
        received = [t for t in sent if t.receive_time is not None]
        if not received:
            return None
        return max(received, key=lambda t: (t.receive_time, t.id)).destination

    @property
    def all_nodes(self) -> list[Node]:
        """All nodes, failed ones included."""
        return self.nodes(failed="all")

    @property
    def all_vectors(self) -> list[Vector]:
        """All vectors, failed ones included."""
        return self.vectors(failed="all")

    @property
    def all_infos(self) -> list[Info]:
        """All infos, failed ones included."""
        return self.infos(failed="all")

    @property
    def networks_transmissions(self) -> list[Transmission]:
        """All transmissions, failed ones included."""
        return self.transmissions(failed="all")

    @property
    def networks_transformations(self) -> list[Transformation]:
        """All transformations, failed ones included."""
        return self.transformations(failed="all")

    # -- counts, added up over the nodes --------------------------------------------------------

    def _sum(self, count: Callable[[Node], int]) -> int:
        return sum(count(node) for node in self.work.nodes_in(self))

    @property
    def n_alive_nodes(self) -> int:
        """The number of living nodes."""
        return 0 if self.failed and self.deep else self.n_alive

    @property
    def n_failed_nodes(self) -> int:
        """The number of failed nodes."""
        return self.last_node - self.n_alive_nodes

    @property
    def n_pending_infos(self) -> int:
        """The number of living nodes that haven't answered yet."""
        return self._sum(lambda node: not node.failed and not node.has_answered)

    @property
    def n_completed_infos(self) -> int:
        """The number of living infos."""
        return self._sum(lambda node: 0 if node.failed else node.n_infos)

    @property
    def n_failed_infos(self) -> int:
        """The number of failed infos."""
        return self._sum(lambda node: node.n_failed_infos + (node.n_infos if node.failed else 0))

    # -- joining --------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether a node can be added, now or later."""
        return not self.full and not self.failed

    @property
    def n_participants(self) -> int:
        """The number of living nodes that aren't sources."""
        return self.n_alive - self.n_sources

    def add_node(self, node: Node) -> None:
        """Override to connect a node that was just made in this network; the base class does nothing.

        Args:
            node: The new node.

        """

    def calculate_full(self) -> None:
        """Set `full` from the number of living nodes and `max_size`."""
        full = self.n_alive >= self.max_size
        if full != self.full:
            self.full = full

    def open_for(self, participant: Participant | None) -> bool | str:
        """Override to decide whether a participant can join now.

        Args:
            participant: The participant, or None to ask in general.

        Returns:
            True when the next place is open, otherwise a text that says why it isn't.

        """
        del participant
        return True

    @property
    def open_places(self) -> int:
        """How many participants can join now without waiting."""
        if not self.has_room:
            return 0
        return self.max_size - self.n_alive if self.open_for(None) is True else 0

    @property
    def waiting_for(self) -> list[int]:
        """The ids of the nodes that have to answer before the next place opens."""
        return list(self.recall("waiting") or ())

    def waits_for(self, node: Node) -> bool:
        """Return whether the answer of a node can open a place.

        Args:
            node: A node of this network.

        Returns:
            True when the network waits for the node's answer.

        """
        return node.id in (self.recall("waiting") or ())

    def has_heard(self, node: Node) -> None:
        """Record that a node has answered, which may open the next place.

        Args:
            node: A node of this network.

        """
        waiting = [other for other in self.waiting_for if other != node.id]
        self.remember(waiting=waiting)

    def remember(self, **facts: Any) -> None:
        """Store values in `structure`.

        Args:
            **facts: Values by name; None removes a value.

        """
        structure = {**self.structure, **facts}
        self.structure = {key: value for key, value in structure.items() if value is not None}

    def recall(self, name: str) -> Any:
        """Return a value that `remember` stored.

        Args:
            name: The name of the value.

        Returns:
            The value, which must not be changed in place, or None.

        """
        return peek(self, "structure").get(name)

    def node_joined(self, node: Node) -> None:
        """Update the counts for a node that was just made; subclasses store more.

        Args:
            node: The new node.

        """
        self.n_alive += 1
        if node.is_source:
            self.n_sources += 1
        self.calculate_full()

    def node_left(self, node: Node) -> None:
        """Update the counts for a node that has just failed; subclasses update what they have stored.

        Args:
            node: The failed node.

        """
        self.n_alive -= 1
        if node.is_source:
            self.n_sources -= 1
        if self.waits_for(node):
            self.has_heard(node)
        self.calculate_full()

    # -- failing --------------------------------------------------------------------------------

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this network: its living nodes."""
        return [self.nodes]

    def fail(self, reason: str | None = None) -> None:
        """Fail the network and everything in it, for every reader at the same moment.

        Args:
            reason: Why it fails; stored as `failed_reason`.

        Raises:
            RuleBroken: The network has failed already.

        """
        if not self._fails_by_mark:
            super().fail(reason)
            return
        if self.failed:
            raise RuleBroken(f"{self!r} has failed already; a record fails once.")
        with self.work.failing(self, reason):
            self._mark_failed(reason)

    @property
    def _fails_by_mark(self) -> bool:
        """Whether a mark on the network fails everything in it, so that no other record is written."""
        return has_default_cascade(self) and all_cascades_are_default()

    def _mark_failed(self, reason: str | None) -> None:
        super()._mark_failed(reason)
        self.deep = self._fails_by_mark

    def mark_above(self, *node_ids: int) -> Record | None:
        """Return the record by whose failing everything below some nodes has failed.

        Args:
            *node_ids: The ids of nodes of this network.

        Returns:
            The node that failed first, otherwise the network if it has failed, otherwise None.

        """
        if self.failed_nodes:
            marked = [node_id for node_id in set(node_ids) if node_id in self.failed_nodes]
            if marked:
                return self.work.node(min(marked, key=self.failed_nodes.index))
        return self if self.own_failed and self.deep else None

    def print_verbose(self) -> str:
        """Return the network's nodes and vectors as text, for logs; nothing is printed.

        Returns:
            A line for each node and each vector.

        """
        lines = [f"{self!r} {self.type} role={self.role} nodes={self.n_alive}/{self.max_size}"]
        lines += [f"  {node!r} {node.type} participant={node.participant_id}" for node in self.all_nodes]
        lines += [f"  {vector.origin_id} -> {vector.destination_id}" for vector in self.vectors()]
        return "\n".join(lines)
