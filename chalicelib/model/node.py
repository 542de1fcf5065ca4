"""A node: a point in a network, a participant's or a source's, that makes, sends and receives."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.model.record import alive, flatten, of_kind, with_status
from chalicelib.model.record_classes import all_cascades_are_default, has_default_cascade

from .failing import NODE_SPAN
from .info import Info
from .record import Cascade, Failed, Kind, ObjectFields, Record
from .record_classes import check_type
from .transformation import Mutation, Replication, Transformation
from .transmission import Transmission
from .vector import Vector

if TYPE_CHECKING:
    from .network import Network
    from .participant import Participant

CONNECTIONS = ("to", "from", "either", "both")
VECTOR_DIRECTIONS = ("all", "incoming", "outgoing")


class Node(Record):
    """One point of one network.

    Nodes connect to each other (`connect`), make infos (`Info(origin=node, ...)`), send them along
    vectors (`transmit`) and receive what was sent to them (`receive`).
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
    #: Sources make information and receive none.
    is_source: ClassVar[bool] = False

    network_id: int
    participant_id: int | None = None
    #: The number of the newest thing made here; its id is `id * 100_000 + last_thing`.
    last_thing: int = 0
    last_time: datetime | None = None
    n_infos: int = 0
    n_failed_infos: int = 0
    #: Whether its participant has posted an info that isn't a tracking event.
    answered: bool = False
    #: The last requests that made something here: [request id, hash of the body, what was made].
    requests: list[list[Any]]

    _network: Network

    def __init__(self, network: Network, participant: Participant | None = None) -> None:
        """Make a node in a network, for a participant or (a source) for nobody."""
        self.prepare()
        if participant is not None:
            if participant.failed or not participant.is_working:
                raise RuleBroken(f"{participant!r} has failed or isn't working and gets no node.")
            self.participant_id = participant.id
        if network.failed:
            raise RuleBroken(f"{network!r} has failed and takes no more nodes.")
        self._network = network
        self.network_id = network.id
        network.work.attach(self)
        network.node_joined(self)
        if participant is not None:
            participant.add_node(self)

    # -- who and where --------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network it is in."""
        return self._network

    @property
    def participant(self) -> Participant | None:
        """The participant whose node this is; None for a source."""
        return None if self.participant_id is None else self.work.participant(self.participant_id)

    @property
    def has_answered(self) -> bool:
        """Whether the place behind it may open; authors may override.

        A source always has, and so has a node without a participant: there is nobody to wait for.
        """
        return self.is_source or self.participant_id is None or self.answered

    def _looks(self) -> None:
        self.work.mark_network_read(self._network, self)

    # -- what is here ---------------------------------------------------------------------------

    def vectors(self, direction: str = "all", failed: Failed = False) -> list[Vector]:
        """Return its vectors: all, incoming or outgoing."""
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
        """Return living nodes it is connected "to", "from", "either" or "both" ways, oldest first."""
        if failed is not None:
            raise BadRequest(
                "neighbors takes no `failed`: neighbours are living nodes over living vectors. "
                "Ask for vectors(failed=...) instead."
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
        """Say whether it is connected to a node, or for each of a list of nodes."""
        if failed is not None:
            raise BadRequest("is_connected takes no `failed`: it looks at living vectors.")
        connected = self._connected_ids(direction)
        if isinstance(whom, list | tuple):
            return [node.id in connected for node in flatten(whom)]
        return whom.id in connected

    def infos(self, type: Kind | None = None, failed: Failed = False, **properties: Any) -> list[Info]:
        """Return the infos it made, oldest first."""
        self._looks()
        return of_kind(self.work.infos_at(self), check_type(type, Info), failed, properties)

    def received_infos(
        self, type: Kind | None = None, failed: Failed | None = None, **properties: Any
    ) -> list[Info]:
        """Return the infos it has received, in the order they were sent, each once; failed ones too.

        `failed` narrows the list, as elsewhere.
        """
        self._looks()
        kind = check_type(type, Info)
        received = {t.info_id: t.info for t in self.work.transmissions_to(self) if t.status == "received"}
        return of_kind(received.values(), kind, "all" if failed is None else failed, properties)

    def transmissions(
        self, direction: str = "outgoing", status: str = "all", failed: Failed = False
    ) -> list[Transmission]:
        """Return transmissions from it (outgoing), to it (incoming) or both (all), oldest first."""
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
        """Return the transformations made at it."""
        self._looks()
        return of_kind(self.work.transformations_at(self), check_type(type, Transformation), failed)

    @property
    def all_outgoing_vectors(self) -> list[Vector]:
        """Every vector that begins here."""
        return self.vectors("outgoing", failed="all")

    @property
    def all_incoming_vectors(self) -> list[Vector]:
        """Every vector that ends here."""
        return self.vectors("incoming", failed="all")

    @property
    def all_infos(self) -> list[Info]:
        """Every info made here."""
        return self.infos(failed="all")

    @property
    def all_outgoing_transmissions(self) -> list[Transmission]:
        """Every transmission sent from here."""
        return self.transmissions("outgoing", failed="all")

    @property
    def all_incoming_transmissions(self) -> list[Transmission]:
        """Every transmission sent to here."""
        return self.transmissions("incoming", failed="all")

    @property
    def transformations_here(self) -> list[Transformation]:
        """Every transformation made here."""
        return self.transformations(failed="all")

    # -- connecting -----------------------------------------------------------------------------

    def connect(self, whom: Any, direction: str = "to") -> list[Vector]:
        """Make vectors "to" a node, "from" it or "both" ways; lists may be nested.

        Returns the new vectors. An existing connection is left with a warning. RuleBroken for a
        source as destination, for itself, another network's node or a failed node.
        """
        if direction not in ("to", "from", "both"):
            raise BadRequest(f"direction must be to, from or both, not {direction!r}.")
        others = flatten(whom)
        for other in others:
            self._check_connection(other, direction)
        made: list[Vector] = []
        for other in others:
            if direction in ("to", "both"):
                made += self._vector(self, other)
            if direction in ("from", "both"):
                made += self._vector(other, self)
        return made

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
                raise RuleBroken(f"{node!r} is a source: vectors may begin there, but not end there.")

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
        """What to send when `transmit` isn't told: its infos, tracking events apart."""
        return Info

    def _to_whom(self) -> Any:
        """To whom to send when `transmit` isn't told: all nodes that it connects to."""
        return Node

    def transmit(self, what: Any = None, to_whom: Any = None) -> list[Transmission]:
        """Send infos of its own to nodes that it is connected to.

        what: None (ask `_what()`), an info, a class of infos, or a list of these. to_whom: None (ask
        `_to_whom()`), a node, a class of nodes, or a list. Returns the new transmissions, pending.
        RuleBroken without a vector, for somebody else's info, or for None in a list.
        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed and sends nothing.")
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
        """Receive all pending transmissions, or one; then `update` gets all their infos at once.

        Returns the transmissions received. RuleBroken for a failed node, a source, or a
        transmission that isn't pending here.
        """
        if self.failed:
            raise RuleBroken(f"{self!r} has failed and receives nothing.")
        if self.is_source:
            raise RuleBroken(f"{self!r} is a source and receives nothing.")
        pending = [t for t in self.work.transmissions_to(self) if t.status == "pending" and not t.failed]
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
        """Override to act on what was received; called once with all of it."""

    def replicate(self, info_in: Info) -> Info:
        """Make an info here of the same class with the same contents, and record the Replication."""
        copy = info_in.copied_to(self, info_in.contents)
        Replication(info_in=info_in, info_out=copy)
        return copy

    def mutate(self, info_in: Info) -> Info:
        """Make an info here with the info's `_mutated_contents()`, and record the Mutation."""
        mutant = info_in.copied_to(self, info_in._mutated_contents())
        Mutation(info_in=info_in, info_out=mutant)
        return mutant

    # -- failing --------------------------------------------------------------------------------

    def _failed_above(self) -> Record | None:
        network = self._network
        return network if network.own_failed and network.deep else None

    @property
    def failure_cascade(self) -> Cascade:
        """Vectors at it, its infos, what was sent from and to it, transformations made here."""
        return [
            self.vectors,
            self.infos,
            lambda: self.transmissions("outgoing"),
            lambda: self.transmissions("incoming"),
            self.transformations,
        ]

    def fail(self, reason: str | None = None) -> None:
        """Fail the node and all that hangs on it, for every reader at one moment."""
        if self.failed:
            raise RuleBroken(f"{self!r} has failed already; a record fails once.")
        network = self._network
        if has_default_cascade(self) and all_cascades_are_default():
            self._mark_failed(reason)
            network.failed_nodes = [*network.failed_nodes, self.id]
        else:
            super().fail(reason)
        network.node_left(self)

    # -- numbering what is made here ------------------------------------------------------------

    def next_thing(self) -> int:
        """Return the id of the next thing made here."""
        if self.last_thing >= MAX_THINGS:
            raise RuleBroken(f"{self!r} has made {MAX_THINGS} things; a node holds no more.")
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
