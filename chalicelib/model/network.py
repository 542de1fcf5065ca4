"""A network: nodes, the vectors between them, and who may join next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from chalicelib.errors import RuleBroken
from chalicelib.model.record import alive, copy_on_read, of_kind, peek, with_status
from chalicelib.model.record_classes import all_cascades_are_default, has_default_cascade

from .record import Cascade, Failed, Kind, ObjectFields, Record
from .record_classes import check_type

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

    A subclass overrides `add_node(node)` to say how a new node is connected, and `open_for` to say
    when the next may come. `structure` is a small JSON object, kept on the network's own record, in
    which a network remembers what it needs for that without listing its nodes.
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
    #: Ids of failed nodes whose mark holds for what lies below them, in the order of their failing.
    failed_nodes: list[int] = copy_on_read()
    details: dict[str, Any] = copy_on_read()
    #: Whether the network's own mark holds for what lies below it.
    deep: bool = True
    #: The newest batch of a large commit that readers may see.
    pub: int = 0
    #: Who is in the middle of a large commit: {"by": word, "until": ISO time}.
    lease: dict[str, Any] | None = None

    def __init__(self, max_size: int = UNLIMITED, role: str | None = None) -> None:
        """Make a network; `save` (or the experiment's setup) makes it part of the experiment."""
        self.prepare()
        self.max_size = int(max_size)
        if role is not None:
            self.role = role

    # -- what is in it --------------------------------------------------------------------------

    def nodes(
        self,
        type: Kind | None = None,
        failed: Failed = False,
        participant_id: int | None = None,
        **properties: Any,
    ) -> list[Node]:
        """Return its nodes of a class, living by default; typed properties filter by name."""
        from .node import Node

        self.work.mark_network_read(self)
        kind = check_type(type, Node)
        return [
            node
            for node in of_kind(self.work.nodes_in(self), kind, failed, properties)
            if participant_id is None or node.participant_id == participant_id
        ]

    def size(self, type: Kind | None = None, failed: Failed = False) -> int:
        """How many nodes of a class it has; the living ones of all classes cost no reading."""
        if type is None and failed is False:
            return 0 if self.failed else self.n_alive
        return len(self.nodes(type=type, failed=failed))

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return the infos its nodes made, oldest first."""
        from .info import Info

        self.work.mark_network_read(self)
        return of_kind(self.work.infos_in(self), check_type(type, Info), failed, properties)

    def vectors(self, failed: Failed = False) -> list[Vector]:
        """Return its vectors."""
        self.work.mark_network_read(self)
        return alive(self.work.vectors_in(self), failed)

    def transmissions(self, status: str = "all", failed: Failed = False) -> list[Transmission]:
        """Return its transmissions; status is all, pending or received."""
        self.work.mark_network_read(self)
        return with_status(alive(self.work.transmissions_in(self), failed), status)

    def transformations(self, type: Kind | None = None, failed: Failed = False) -> list[Transformation]:
        """Return its transformations."""
        from .transformation import Transformation

        self.work.mark_network_read(self)
        return of_kind(self.work.transformations_in(self), check_type(type, Transformation), failed)

    def latest_transmission_recipient(self) -> Node | None:
        """Return the living node that received a transmission last, or None."""
        received = [t for t in self.transmissions(status="received") if t.receive_time is not None]
        if not received:
            return None
        return max(received, key=lambda t: (t.receive_time, t.id)).destination

    @property
    def all_nodes(self) -> list[Node]:
        """Every node, failed ones included."""
        return self.nodes(failed="all")

    @property
    def all_vectors(self) -> list[Vector]:
        """Every vector, failed ones included."""
        return self.vectors(failed="all")

    @property
    def all_infos(self) -> list[Info]:
        """Every info, failed ones included."""
        return self.infos(failed="all")

    @property
    def networks_transmissions(self) -> list[Transmission]:
        """Every transmission, failed ones included."""
        return self.transmissions(failed="all")

    @property
    def networks_transformations(self) -> list[Transformation]:
        """Every transformation, failed ones included."""
        return self.transformations(failed="all")

    # -- counts, summed from the listing of nodes -----------------------------------------------

    def _sum(self, count: Callable[[Node], int]) -> int:
        return sum(count(node) for node in self.work.nodes_in(self))

    @property
    def n_alive_nodes(self) -> int:
        """How many living nodes it has."""
        return 0 if self.failed and self.deep else self.n_alive

    @property
    def n_failed_nodes(self) -> int:
        """How many of its nodes have failed."""
        return self.last_node - self.n_alive_nodes

    @property
    def n_pending_infos(self) -> int:
        """How many living nodes have not answered yet."""
        return self._sum(lambda node: not node.failed and not node.has_answered)

    @property
    def n_completed_infos(self) -> int:
        """How many living infos it has."""
        return self._sum(lambda node: 0 if node.failed else node.n_infos)

    @property
    def n_failed_infos(self) -> int:
        """How many of its infos have failed."""
        return self._sum(lambda node: node.n_failed_infos + (node.n_infos if node.failed else 0))

    # -- joining --------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        """Whether a node could be added at all, now or later."""
        return not self.full and not self.failed

    @property
    def n_participants(self) -> int:
        """Living nodes that are not sources."""
        return self.n_alive - self.n_sources

    def add_node(self, node: Node) -> None:
        """Connect a node that was just made in this network; the base network connects nothing."""

    def calculate_full(self) -> None:
        """Set `full` from the number of living nodes."""
        full = self.n_alive >= self.max_size
        if full != self.full:
            self.full = full

    def open_for(self, participant: Participant | None) -> bool | str:
        """Return True when the next place is open for this participant, or a word why it isn't."""
        del participant
        return True

    @property
    def open_places(self) -> int:
        """How many could join at this moment without waiting."""
        if not self.has_room:
            return 0
        return self.max_size - self.n_alive if self.open_for(None) is True else 0

    @property
    def waiting_for(self) -> list[int]:
        """Ids of nodes that have to answer before the next place opens."""
        return list(self.recall("waiting") or ())

    def waits_for(self, node: Node) -> bool:
        """Whether this node's answer may open a place."""
        return node.id in (self.recall("waiting") or ())

    def has_heard(self, node: Node) -> None:
        """Take note that a node has answered, so that the place behind it opens."""
        waiting = [other for other in self.waiting_for if other != node.id]
        self.remember(waiting=waiting)

    def remember(self, **facts: Any) -> None:
        """Keep facts in `structure`; a fact set to None is dropped."""
        kept = {**self.structure, **facts}
        self.structure = {key: value for key, value in kept.items() if value is not None}

    def recall(self, name: str) -> Any:
        """Return a fact that `remember` kept, or None; to be read, not changed in place."""
        return peek(self, "structure").get(name)

    def node_joined(self, node: Node) -> None:
        """Count a node that was just made; subclasses remember more."""
        self.n_alive += 1
        if node.is_source:
            self.n_sources += 1
        self.calculate_full()

    def node_left(self, node: Node) -> None:
        """Count a node that was just failed; subclasses mend what they remember."""
        self.n_alive -= 1
        if node.is_source:
            self.n_sources -= 1
        if self.waits_for(node):
            self.has_heard(node)
        self.calculate_full()

    # -- failing --------------------------------------------------------------------------------

    @property
    def failure_cascade(self) -> Cascade:
        """Its living nodes fail with it."""
        return [self.nodes]

    def fail(self, reason: str | None = None) -> None:
        """Fail the network and all that is in it, for every reader at one moment."""
        deep = has_default_cascade(self) and all_cascades_are_default()
        if not deep:
            super().fail(reason)
            return
        if self.failed:
            raise RuleBroken(f"{self!r} has failed already; a record fails once.")
        self._mark_failed(reason)

    def _mark_failed(self, reason: str | None) -> None:
        super()._mark_failed(reason)
        self.deep = has_default_cascade(self) and all_cascades_are_default()

    def mark_above(self, *node_ids: int) -> Record | None:
        """Return the failed record whose mark holds for what lies below these nodes, or None.

        The node's that failed first, or else the network's own.
        """
        if self.failed_nodes:
            marked = [node_id for node_id in set(node_ids) if node_id in self.failed_nodes]
            if marked:
                return self.work.node(min(marked, key=self.failed_nodes.index))
        return self if self.own_failed and self.deep else None

    def print_verbose(self) -> str:
        """Return (and print nothing) a readable picture of nodes and vectors, for logs."""
        lines = [f"{self!r} {self.type} role={self.role} nodes={self.n_alive}/{self.max_size}"]
        lines += [f"  {node!r} {node.type} participant={node.participant_id}" for node in self.all_nodes]
        lines += [f"  {vector.origin_id} -> {vector.destination_id}" for vector in self.vectors()]
        return "\n".join(lines)
