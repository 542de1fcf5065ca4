"""Defines nodes, the points of a network at which infos are made, sent and received."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from chalicelib.errors import BadRequest, RuleBroken

from .failing import NODE_SPAN
from .info import Info
from .record import Cascade, Failed, Kind, ObjectFields, Record, alive, flatten, of_kind, with_status
from .record_classes import all_cascades_are_default, check_type, has_default_cascade
from .transformation import Mutation, Replication, Transformation
from .transmission import Transmission
from .vector import Vector

if TYPE_CHECKING:
    from .network import Network
    from .participant import Participant

CONNECTIONS = ("to", "from", "either", "both")
VECTOR_DIRECTIONS = ("all", "incoming", "outgoing")


class Node(Record):
    """A point of a network, which belongs to a participant or is a source.

    Nodes connect to each other (`connect`), make infos (`Info(origin=node, ...)`), send them along
    vectors (`transmit`) and receive transmissions (`receive`).
    """

    type = "node"
    object_type: ClassVar[str] = "Node"
    own_fields: ClassVar[tuple[str, ...]] = ("type", "network_id", "participant_id", "object_type")
    kept_fields: ClassVar[tuple[str, ...]] = (
        "type",
        "network_id",
        "participant_id",
        "last_thing",
        "last_time",
        "n_infos",
        "n_failed_infos",
        "answered",
        "requests",
    )
    object_fields: ClassVar[ObjectFields] = (("details", dict), ("requests", list))
    #: Sources make infos and receive none.
    is_source: ClassVar[bool] = False

    network_id: int
    participant_id: int | None = None
    #: The number of the newest record that this node made; its id is `id * 100_000 + last_thing`.
    last_thing: int = 0
    last_time: datetime | None = None
    n_infos: int = 0
    n_failed_infos: int = 0
    #: Whether its participant has posted an info that isn't a tracking event.
    answered: bool = False
    #: The latest requests that made a record at this node, for idempotency: [request id, body hash, result].
    requests: list[list[Any]]

    _network: Network

    def __init__(self, network: Network, participant: Participant | None = None) -> None:
        """Make a node in a network.

        Args:
            network: The network that the node belongs to.
            participant: The participant who acts at the node; None for a source.

        Raises:
            RuleBroken: The network has failed, or the participant isn't working any more.

        """
        self.prepare()
        if participant is not None:
            if participant.failed or not participant.is_working:
                raise RuleBroken(f"{participant!r} has failed or isn't working, so it can't get a node.")
            self.participant_id = participant.id
        if network.failed:
            raise RuleBroken(f"{network!r} has failed, so nodes can't be added to it.")
        self._network = network
        self.network_id = network.id
        network.work.attach(self)
        network.node_joined(self)
        if participant is not None:
            participant.add_node(self)

    # -- network and participant --------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network that the node belongs to."""
        return self._network

    @property
    def participant(self) -> Participant | None:
        """The participant whose node this is; None for a source."""
        return None if self.participant_id is None else self.work.participant(self.participant_id)

    @property
    def has_answered(self) -> bool:
        """Whether the next place may open as far as this node is concerned; authors may override it.

        Always True for a source and for any other node without a participant.
        """
        return self.is_source or self.participant_id is None or self.answered

    def _looks(self) -> None:
        self.work.mark_network_read(self._network, self)

    # -- reading --------------------------------------------------------------------------------

    def vectors(self, direction: str = "all", failed: Failed = False) -> list[Vector]:
        """Return the vectors that begin or end at this node.

        Args:
            direction: `"outgoing"`, `"incoming"` or `"all"`.
            failed: False for living vectors, True for failed ones, `"all"` for both.

        Returns:
            The vectors, oldest first.

        Raises:
            BadRequest: `direction` or `failed` has another value.

        """
        if direction not in VECTOR_DIRECTIONS:
            raise BadRequest(f"direction must be all, incoming or outgoing, not {direction!r}.")
        self._looks()
        return [
            vector
            for vector in alive(self.work.vectors_at(self), failed)
            if direction == "all" or (vector.origin_id == self.id) == (direction == "outgoing")
        ]

    def neighbors(
        self, type: Kind | None = None, direction: str = "to", failed: Failed | None = None
    ) -> list[Node]:
        """Return the living nodes that this node is connected with by living vectors.

        Args:
            type: A class of nodes, to get only nodes of that class.
            direction: `"to"` (this node can send to them), `"from"` (they can send to this node),
                `"either"` or `"both"`.
            failed: Not supported: neighbors are living nodes.

        Returns:
            The nodes, oldest first.

        Raises:
            BadRequest: `direction` has another value, `type` isn't a class of nodes, or `failed` was passed.

        """
        if failed is not None:
            raise BadRequest(
                "neighbors() doesn't accept `failed`: it returns living nodes over living vectors. "
                "Use vectors(failed=...) instead."
            )
        kind = check_type(type, Node)
        ids = self._connected_ids(direction)
        if ids:
            self.work.mark_network_read(self._network, None if not self.is_new else self)
        return self._living(kind, ids)

    def _living(self, kind: Any, ids: set[int]) -> list[Node]:
        found = [self.work.node(node_id) for node_id in sorted(ids)]
        return [node for node in found if isinstance(node, kind) and not node.failed]

    def _connected_ids(self, direction: str) -> set[int]:
        if direction not in CONNECTIONS:
            raise BadRequest(f"connection must be to, from, either or both, not {direction!r}.")
        vectors = self.vectors()
        to = {vector.destination_id for vector in vectors if vector.origin_id == self.id}
        coming = {vector.origin_id for vector in vectors if vector.destination_id == self.id}
        return {"to": to, "from": coming, "either": to | coming, "both": to & coming}[direction]

    def is_connected(
        self, whom: Any, direction: str = "to", failed: Failed | None = None
    ) -> bool | list[bool]:
        """Return whether this node is connected with another node by a living vector.

        Args:
            whom: A node, or a list of nodes.
            direction: `"to"`, `"from"`, `"either"` or `"both"`, seen from this node.
            failed: Not supported: only living vectors are considered.

        Returns:
            True or False; for a list, a list with one value for each node.

        Raises:
            BadRequest: `direction` has another value, or `failed` was passed.

        """
        if failed is not None:
            raise BadRequest("is_connected() doesn't accept `failed`: it considers living vectors only.")
        connected = self._connected_ids(direction)
        if isinstance(whom, list | tuple):
            return [node.id in connected for node in flatten(whom)]
        return whom.id in connected

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return the infos that this node made.

        Args:
            type: A class of infos, to get only infos of that class.
            failed: False for living infos, True for failed ones, `"all"` for both.
            **properties: Values of typed properties, to get only infos that have them.

        Returns:
            The infos, oldest first.

        Raises:
            BadRequest: `type` isn't a class of infos, or the class has no such property.

        """
        self._looks()
        return of_kind(self.work.infos_at(self), check_type(type, Info), failed, properties)

    def received_infos(
        self, type: Kind | None = None, failed: Failed | None = None, **properties: Any
    ) -> list[Info]:
        """Return the infos that this node has received, each once.

        Args:
            type: A class of infos, to get only infos of that class.
            failed: None or `"all"` for all infos, False for living ones, True for failed ones.
            **properties: Values of typed properties, to get only infos that have them.

        Returns:
            The infos, in the order in which they were sent.

        Raises:
            BadRequest: `type` isn't a class of infos, or the class has no such property.

        """
        self._looks()
        kind = check_type(type, Info)
        received = {t.info_id: t.info for t in self.work.transmissions_to(self) if t.is_received}
        return of_kind(received.values(), kind, "all" if failed is None else failed, properties)

    def transmissions(
        self, direction: str = "outgoing", status: str = "all", failed: Failed = False
    ) -> list[Transmission]:
        """Return the transmissions that this node sent or was sent.

        Args:
            direction: `"outgoing"`, `"incoming"` or `"all"`.
            status: `"pending"`, `"received"` or `"all"`.
            failed: False for living transmissions, True for failed ones, `"all"` for both.

        Returns:
            The transmissions, oldest first.

        Raises:
            BadRequest: `direction`, `status` or `failed` has another value.

        """
        self._looks()
        if direction == "outgoing":
            found = list(self.work.transmissions_from(self))
        elif direction == "incoming":
            found = list(self.work.transmissions_to(self))
        elif direction == "all":
            both = [*self.work.transmissions_from(self), *self.work.transmissions_to(self)]
            found = sorted(both, key=lambda t: (t.creation_time, t.id))
        else:
            raise BadRequest(f"direction must be outgoing, incoming or all, not {direction!r}.")
        return with_status(alive(found, failed), status)

    def transformations(self, type: Kind | None = None, failed: Failed = False) -> list[Transformation]:
        """Return the transformations that were made at this node.

        Args:
            type: A class of transformations, to get only transformations of that class.
            failed: False for living transformations, True for failed ones, `"all"` for both.

        Returns:
            The transformations, oldest first.

        Raises:
            BadRequest: `type` isn't a class of transformations.

        """
        self._looks()
        return of_kind(self.work.transformations_at(self), check_type(type, Transformation), failed)

    @property
    def all_outgoing_vectors(self) -> list[Vector]:
        """All vectors that begin at this node, failed ones included."""
        return self.vectors("outgoing", failed="all")

    @property
    def all_incoming_vectors(self) -> list[Vector]:
        """All vectors that end at this node, failed ones included."""
        return self.vectors("incoming", failed="all")

    @property
    def all_infos(self) -> list[Info]:
        """All infos that this node made, failed ones included."""
        return self.infos(failed="all")

    @property
    def all_outgoing_transmissions(self) -> list[Transmission]:
        """All transmissions that this node sent, failed ones included."""
        return self.transmissions("outgoing", failed="all")

    @property
    def all_incoming_transmissions(self) -> list[Transmission]:
        """All transmissions that were sent to this node, failed ones included."""
        return self.transmissions("incoming", failed="all")

    @property
    def transformations_here(self) -> list[Transformation]:
        """All transformations that were made at this node, failed ones included."""
        return self.transformations(failed="all")

    # -- connecting -----------------------------------------------------------------------------

    def connect(self, whom: Any, direction: str = "to") -> list[Vector]:
        """Connect this node with other nodes of its network.

        A connection that exists already is kept, with a warning.

        Args:
            whom: A node, or a list of nodes; lists may be nested.
            direction: `"to"` (this node can send to them), `"from"` (they can send to this node) or `"both"`.

        Returns:
            The new vectors.

        Raises:
            BadRequest: `direction` has another value.
            RuleBroken: The destination is a source, or a node has failed, is in another network or is
                this one.

        """
        if direction not in ("to", "from", "both"):
            raise BadRequest(f"direction must be to, from or both, not {direction!r}.")
        others = flatten(whom)
        for other in others:
            self._check_connection(other, direction)
        vectors: list[Vector] = []
        for other in others:
            if direction in ("to", "both"):
                vectors += self._vector(self, other)
            if direction in ("from", "both"):
                vectors += self._vector(other, self)
        return vectors

    def _check_connection(self, other: Any, direction: str) -> None:
        if not isinstance(other, Node):
            raise RuleBroken(f"{self!r} can only connect to nodes, not to {other!r}.")
        if other.id == self.id:
            raise RuleBroken(f"{self!r} can't connect to itself.")
        if other.network_id != self.network_id:
            raise RuleBroken(f"{self!r} can't connect to {other!r}: it is in another network.")
        for node in (self, other):
            if node.failed:
                raise RuleBroken(f"{node!r} has failed and can't be connected.")
        destinations = {"to": [other], "from": [self], "both": [self, other]}[direction]
        for node in destinations:
            if node.is_source:
                raise RuleBroken(f"{node!r} is a source: vectors can begin at a source, but not end at one.")

    @staticmethod
    def _vector(origin: Node, destination: Node) -> list[Vector]:
        fresh = destination if destination.is_new else origin
        if any(
            v.origin_id == origin.id and v.destination_id == destination.id and not v.failed
            for v in fresh.work.vectors_at(fresh)
        ):
            warnings.warn(f"{origin!r} is already connected to {destination!r}.", stacklevel=3)
            return []
        return [Vector(origin=origin, destination=destination)]

    # -- sending and receiving ------------------------------------------------------------------

    def _what(self) -> Any:
        """What `transmit` sends by default: the node's infos, without tracking events."""
        return Info

    def _to_whom(self) -> Any:
        """To whom `transmit` sends by default: all nodes that this node connects to."""
        return Node

    def transmit(self, what: Any = None, to_whom: Any = None) -> list[Transmission]:
        """Send infos of this node to nodes that it is connected to.

        Args:
            what: An info, a class of infos, or a list of these; by default what `_what()` returns.
            to_whom: A node, a class of nodes, or a list of these; by default what `_to_whom()` returns.

        Returns:
            The new transmissions, which are pending.

        Raises:
            RuleBroken: This node has failed, another node made the info, no vector leads to the
                destination, or a list contains something else, such as None.

        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed and can't send infos.")
        infos = self._infos_to_send(self._what() if what is None else what)
        vectors = self._vectors_to(self._to_whom() if to_whom is None else to_whom)
        return [Transmission(info=info, vector=vector) for vector in vectors for info in infos]

    def _infos_to_send(self, what: Any) -> list[Info]:
        infos: list[Info] = []
        for thing in flatten(what):
            if isinstance(thing, type) and issubclass(thing, Info):
                infos += [
                    info for info in self.infos(type=thing) if thing.is_tracking or not info.is_tracking
                ]
            elif isinstance(thing, Info):
                infos.append(thing)
            else:
                raise RuleBroken(f"{self!r} can't send {thing!r}: name an info or a class of infos.")
        for info in infos:
            if info.origin_id != self.id:
                raise RuleBroken(f"{self!r} can't send {info!r}: it was made by another node.")
        return list(dict.fromkeys(infos))

    def _vectors_to(self, to_whom: Any) -> list[Vector]:
        outgoing = {v.destination_id: v for v in self.vectors("outgoing")}
        nodes: list[Node] = []
        for thing in flatten(to_whom):
            if isinstance(thing, type) and issubclass(thing, Node):
                nodes += self._living(thing, set(outgoing))
            elif isinstance(thing, Node):
                nodes.append(thing)
            else:
                raise RuleBroken(f"{self!r} can't send to {thing!r}: name a node or a class of nodes.")
        for node in nodes:
            if node.id not in outgoing:
                raise RuleBroken(f"{self!r} can't send to {node!r}: there is no vector between them.")
        return [outgoing[node.id] for node in dict.fromkeys(nodes)]

    def receive(self, what: Transmission | None = None) -> list[Transmission]:
        """Receive all pending transmissions, or one of them, and pass their infos to `update` in one call.

        Args:
            what: A pending transmission; by default all of them.

        Returns:
            The transmissions that were received.

        Raises:
            RuleBroken: This node has failed or is a source, or the transmission isn't pending at this node.

        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed and can't receive infos.")
        if self.is_source:
            raise RuleBroken(f"{self!r} is a source and can't receive infos.")
        pending = [t for t in self.work.transmissions_to(self) if t.is_pending and not t.failed]
        if what is not None:
            if what not in pending:
                raise RuleBroken(f"{what!r} isn't pending at {self!r}.")
            pending = [what]
        for transmission in pending:
            transmission.mark_received()
        if pending:
            self.update([t.info for t in pending])
        return pending

    def update(self, infos: list[Info]) -> None:
        """Override to act on infos that were received.

        Args:
            infos: All infos of one call of `receive`.

        """

    def replicate(self, info_in: Info) -> Info:
        """Copy an info: make one of the same class with the same contents, and a Replication.

        Args:
            info_in: The info to copy, which this node made or received.

        Returns:
            The copy.

        Raises:
            RuleBroken: This node has failed, or neither made nor received the info.

        """
        copy = info_in.copied_to(self, info_in.contents)
        Replication(info_in=info_in, info_out=copy)
        return copy

    def mutate(self, info_in: Info) -> Info:
        """Make an info with the `_mutated_contents()` of another info, and a Mutation.

        Args:
            info_in: The info to mutate, which this node made or received.

        Returns:
            The mutant.

        Raises:
            RuleBroken: This node has failed, neither made nor received the info, or its class can't mutate.

        """
        mutant = info_in.copied_to(self, info_in._mutated_contents())
        Mutation(info_in=info_in, info_out=mutant)
        return mutant

    # -- failing --------------------------------------------------------------------------------

    def _failed_above(self) -> Record | None:
        network = self._network
        return network if network.own_failed and network.deep else None

    @property
    def failure_cascade(self) -> Cascade:
        """What fails with this node: its vectors, infos, transmissions and transformations."""
        return [
            self.vectors,
            self.infos,
            lambda: self.transmissions("outgoing"),
            lambda: self.transmissions("incoming"),
            self.transformations,
        ]

    def fail(self, reason: str | None = None) -> None:
        """Fail the node and its `failure_cascade`, for every reader at the same moment.

        Args:
            reason: Why it fails; stored as `failed_reason`.

        Raises:
            RuleBroken: The node has failed already.

        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed already; a record fails once.")
        network = self._network
        with self.work.failing(self, reason):
            if self._fails_by_mark:
                self._mark_failed(reason)
                network.failed_nodes = [*network.failed_nodes, self.id]
            else:
                super().fail(reason)
            network.node_left(self)

    @property
    def _fails_by_mark(self) -> bool:
        """Whether a mark on the node fails everything below it, so that no other record is written."""
        return has_default_cascade(self) and all_cascades_are_default()

    def _failure_counters(self) -> Sequence[Record]:
        return (self._network,)

    # -- ids of what the node makes -------------------------------------------------------------

    def next_thing(self) -> int:
        """Return the id of the next record that this node makes.

        Returns:
            An id that contains the node's.

        Raises:
            RuleBroken: The node has made as many records as it can.

        """
        if self.last_thing >= MAX_THINGS:
            raise RuleBroken(f"{self!r} has made {MAX_THINGS} records, which is the limit for one node.")
        self.last_thing += 1
        return self.id * NODE_SPAN + self.last_thing

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __lt__(self, other: Self) -> bool:
        return self.id < other.id


#: A network's id times this, plus a number from the network's own counter, is the id of a node.
NETWORK_SPAN = 100_000
MAX_THINGS = NODE_SPAN - 1
MAX_NODES = NETWORK_SPAN - 1
