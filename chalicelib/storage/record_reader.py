"""Implements the reading half of a unit of work: the identity map and the collections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from chalicelib.errors import Conflict, NotFound
from chalicelib.model import keys
from chalicelib.model.failing import NODE_SPAN
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import NETWORK_SPAN, Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import Record
from chalicelib.model.run_records import Payment
from chalicelib.model.transformation import Transformation
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector

from . import record_mapping
from .engine import Engine, Item, Key
from .network_cache import NetworkCache
from .sibling_versions import ReadVersions, versions_of

R = TypeVar("R", bound=Record)


def in_order(records: Iterable[R]) -> list[R]:
    """Sort records by (creation_time, id)."""
    return sorted(records, key=lambda record: (record.creation_time, record.id))


class RecordReader:
    """Loads each record and each collection once, and adds the unit of work's new records to both."""

    def __init__(self, engine: Engine, now: datetime, roots: NetworkCache | None = None) -> None:
        """`roots`: the process's cache of the networks in this engine."""
        self._engine = engine
        self._now = now
        self._roots = roots or NetworkCache()
        #: The versions of the items that were read, and those of their siblings.
        self._sightings = ReadVersions()
        #: Every record of this unit, by kind and id.
        self._records: dict[tuple[str, int], Record] = {}
        #: Raw items by key; None for an item that doesn't exist.
        self._items: dict[Key, Item | None] = {}
        #: Collections read completely, by name: ("info", node id), ("to", node id) ...
        self._read: dict[tuple[str, int], list[Record]] = {}
        #: The new records of this unit of work, under the same names.
        self._new_records: dict[tuple[str, int], list[Record]] = {}
        self._looked: dict[int, Network] = {}
        self._own_nodes: set[int] = set()
        self._all_networks: list[Network] | None = None
        self._listed: dict[int, Item] | None = None
        self._listing: list[Item] | None = None
        self._n_over: int | None = None

    @property
    def now(self) -> datetime:
        """The time of this unit of work, the same at each attempt."""
        return self._now

    # -- single records ---------------------------------------------------------------------

    def prefetch(
        self, *, node_id: int | None = None, participant_id: int | None = None, more: Iterable[Key] = ()
    ) -> None:
        """Read a node with its network and a participant in one call; also remembers which are missing."""
        wanted: list[Key] = list(more)
        if node_id is not None:
            wanted += [keys.root(keys.network_of(node_id)), keys.node(node_id)]
        if participant_id is not None:
            wanted.append(keys.participant(participant_id))
        self._fetch(wanted)

    def _fetch(self, wanted: Iterable[Key]) -> None:
        missing = [key for key in wanted if key not in self._items]
        if missing:
            found = self._engine.get(missing)
            for key in missing:
                self._items[key] = found.get(key)
            for key in missing:
                item = self._items[key]
                if item is None:
                    self._sightings.miss(key)
                else:
                    self._sightings.see(item)

    def _all_of(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection; the caller records the ones that it uses as seen."""
        yield from self._engine.query(pk, prefix)
        self._sightings.see_end(pk, prefix)

    def is_unchanged(self) -> bool:
        """Whether all items that this unit of work has read are unchanged, by an isolated second read."""
        # Counters only provide numbers and seeds; each attempt increments them.
        versions = {key: v for key, v in self._sightings.versions.items() if key[0] != keys.COUNTER}
        if not versions:
            return True
        try:
            found = versions_of(self._engine.get_isolated(versions).values())
        except Conflict:
            return False
        if any(found.get(key, 0) != version for key, version in versions.items()):
            return False
        return all(
            versions.get(key) == version
            for pk, prefix in self._sightings.ranges
            for key, version in versions_of(self._engine.query(pk, prefix)).items()
        )

    def item(self, key: Key) -> Item | None:
        """Return a raw item, or None; read once."""
        self._fetch([key])
        return self._items[key]

    def network(self, network_id: int) -> Network:
        """Return a network, or raise NotFound."""
        known = self._records.get(("network", network_id))
        if known is None:
            item = self.item(keys.root(network_id)) if network_id > 0 else None
            if item is None or not self._is_published_root(item):
                raise NotFound(f"There is no network {network_id}.", code="network_not_found")
            known = self._identify("network", item)
        return cast("Network", known)

    def _is_published_root(self, item: Item) -> bool:
        stamp = item.get("s", 0)
        if not stamp:
            return True
        header = self.item(keys.HEADER)
        return header is not None and stamp <= header.get("pub", 0)

    def networks(self) -> list[Network]:
        """All networks, in order of id; listed and versioned in one read."""
        if self._all_networks is None:
            pub = 0
            found: list[Network] = []
            for item in self._roots.listed(self._engine):
                self._sightings.see(item)
                if item["kind"] == "networks_header":
                    self._items[keys.HEADER] = item
                    pub = item.get("pub", 0)
                elif item.get("s", 0) <= pub:
                    self._items.setdefault((item["pk"], item["sk"]), item)
                    found.append(cast("Network", self._identify("network", item)))
            known = {network.id for network in found}
            self._sightings.see_end(keys.NETWORKS, "")
            new = [r for r in self._new_records.get(("network", 0), []) if r.id not in known]
            self._all_networks = found + cast("list[Network]", new)
        return list(self._all_networks)

    def node(self, node_id: int) -> Node:
        """Return a node, or raise NotFound."""
        known = self._records.get(("node", node_id))
        if known is None:
            self.prefetch(node_id=node_id)
            item = self._items[keys.node(node_id)]
            known = None if item is None else self._know_in_network("node", item)
            if item is not None and known is None:
                raise Conflict(f"Node {node_id} joined while its network was being read.")
            if item is None:
                self._check_is_none(node_id)
        if known is None:
            raise NotFound(f"There is no node {node_id}.", code="node_not_found")
        return cast("Node", known)

    def _check_is_none(self, node_id: int) -> None:
        """Raise Conflict for a missing node that its network counts: its item isn't visible yet."""
        root = self._items.get(keys.root(keys.network_of(node_id)))
        if root is not None and 0 < node_id % NETWORK_SPAN <= root.get("last_node", 0):
            raise Conflict(f"Node {node_id} was counted by its network and isn't to be seen yet.")

    def nodes(self, node_ids: Sequence[int]) -> list[Node]:
        """Return several nodes, read in one call; NotFound if one is missing."""
        unknown = [node_id for node_id in node_ids if ("node", node_id) not in self._records]
        roots = [keys.root(keys.network_of(node_id)) for node_id in unknown]
        self._fetch(dict.fromkeys([*roots, *map(keys.node, unknown)]))
        return [self.node(node_id) for node_id in node_ids]

    def node_with_things(self, node_id: int) -> Node:
        """Return a node after reading it and all records that it made in one call."""
        if ("node", node_id) not in self._records:
            network = self.network(keys.network_of(node_id))
            self._sort_things(network, self._all_of(network_partition(network), keys.at(node_id)))
            if ("node", node_id) in self._records:
                self._close_things(node_id)
        return self.node(node_id)

    def participant(self, participant_id: int) -> Participant:
        """Return a participant, or raise NotFound."""
        known = self._records.get(("participant", participant_id))
        if known is None:
            item = self.item(keys.participant(participant_id))
            if item is None:
                raise NotFound(f"There is no participant {participant_id}.", code="participant_not_found")
            known = self._identify("participant", item)
        return cast("Participant", known)

    def info(self, info_id: int) -> Info:
        """Return an info, or raise NotFound."""
        known = self._records.get(("info", info_id))
        if known is None:
            node_id = keys.node_of(info_id)
            self.prefetch(node_id=node_id, more=[keys.info(info_id)])
            item = self._items[keys.info(info_id)]
            known = None if item is None else self._know_in_network("info", item)
        if known is None:
            raise NotFound(f"There is no info {info_id}.", code="info_not_found")
        return cast("Info", known)

    def payment(self, participant_id: int, kind: str) -> Payment | None:
        """Return the payment of a participant and kind, or None."""
        item = self.item(keys.payment(participant_id, kind))
        return None if item is None else cast("Payment", self._identify("payment", item))

    # -- making records of items ------------------------------------------------------------

    def _identify(self, kind: str, item: Item) -> Record:
        identity = (kind, item["id"])
        known = self._records.get(identity)
        if known is None:
            known = self._roots.record(item) if kind == "network" else record_mapping.make_record(kind, item)
            known.__dict__["_work"] = self
            self._records[identity] = known
        return known

    def _know_in_network(self, kind: str, item: Item) -> Record | None:
        """Create a network's record from its item; None if it was added after the network was read.

        This includes items that a large commit hasn't published yet, and those of newer nodes.
        """
        network = self.network(item["network_id"])
        known = self._records.get((kind, item["id"]))
        if known is not None:
            self._sightings.see(item)
            if "_came_as" in known.__dict__ and not known.is_changed:
                self._become_original(known, item)
            return known
        if item.get("s", 0) > network.pub or _number_of_node(kind, item["id"]) > network.last_node:
            return None
        if self._is_after_its_node(item["id"]):
            return None
        self._sightings.see(item)
        record = self._identify(kind, item)
        record.__dict__["_network"] = network
        return record

    def _is_after_its_node(self, record_id: int) -> bool:
        """Whether a record was added after this unit of work read the node that numbered it.

        A node's own id begins with its network's number, which no node has as its id.
        """
        node = self._records.get(("node", keys.node_of(record_id)))
        return node is not None and not node.is_new and record_id % NODE_SPAN > cast("Node", node).last_thing

    def _become_original(self, copy: Record, item: Item) -> None:
        """Update an info that was copied into a transmission from its own item, which may be newer."""
        network = copy.__dict__["_network"]
        copy.__dict__.clear()
        copy.__dict__.update(record_mapping.make_record("info", item).__dict__, _work=self, _network=network)

    def _know_transmission(self, item: Item) -> Transmission | None:
        record = self._know_in_network("transmission", item)
        if record is None:
            return None
        transmission = cast("Transmission", record)
        if transmission._info is None:
            identity = ("info", transmission.info_id)
            if identity not in self._records:
                copy = self._identify("info", {"network_id": transmission.network_id, **item["info"]})
                copy.__dict__["_network"] = transmission._network
                copy.__dict__["_came_as"] = item["info"]
            transmission.__dict__["_info"] = self._records[identity]
        return transmission

    # -- collections ------------------------------------------------------------------------

    def _collection(self, name: str, owner_id: int, is_new: bool) -> list[Record]:
        """Return a collection's stored records together with this unit of work's new ones."""
        key = (name, owner_id)
        if key not in self._read:
            self._read[key] = [] if is_new else self._load(name, owner_id)
        new = self._new_records.get(key)
        if not new:
            return self._read[key]
        return in_order([*self._read[key], *new])

    def _load(self, name: str, owner_id: int) -> list[Record]:
        if name == "question":
            return in_order(self._question(item) for item in self._all_of(f"part#{owner_id}", "question#"))
        pk = keys.partition(keys.network_of(owner_id))
        if name == "to":
            items = self._all_of(pk, keys.to(owner_id))
            return in_order(t for item in items if (t := self._know_transmission(item)) is not None)
        if name == "from":
            return self._load_sent(self._all_of(pk, keys.at(owner_id, "sent#")))
        items = self._all_of(pk, keys.at(owner_id, PREFIXES[name]))
        return in_order(r for item in items if (r := self._know_in_network(item["kind"], item)) is not None)

    def _question(self, item: Item) -> Record:
        self._sightings.see(item)
        return self._identify("question", item)

    def _load_sent(self, index: Iterable[Item]) -> list[Record]:
        wanted = [
            keys.transmission(item["transmission_id"], item["destination_id"])
            for item in index
            if self._note_sent(self.network(keys.network_of(item["destination_id"])), item)
        ]
        self._fetch(wanted)
        return in_order(t for key in wanted if (t := self._know_sent(key)) is not None)

    def _note_sent(self, network: Network, item: Item) -> bool:
        """Record that a node has sent an info; False if it did so after this unit of work read the node."""
        transmission_id = item["transmission_id"]
        is_later = (
            item.get("s", 0) > network.pub
            or keys.node_of(transmission_id) % NETWORK_SPAN > network.last_node
            or self._is_after_its_node(transmission_id)
        )
        if not is_later:
            self._sightings.see(item)
        return not is_later

    def _know_sent(self, key: Key) -> Transmission | None:
        item = self._items[key]
        if item is None:
            raise Conflict(f"The sender of a transmission tells of it, and it isn't to be seen yet: {key}.")
        return self._know_transmission(item)

    def _sort_things(self, network: Network, items: Iterable[Item]) -> None:
        """Add the items of a network's nodes to their collections."""
        for item in items:
            kind = item["kind"]
            if kind == "sent":
                self._note_sent(network, item)
                continue
            record = self._know_in_network(kind, item)
            if record is None:
                continue
            name, owners = collection_of(record)
            for owner_id in owners:
                if item["sk"].startswith(keys.at(owner_id)):
                    self._read.setdefault((name, owner_id), []).append(record)

    def _close_things(self, node_id: int) -> None:
        """Mark a node's own collections as complete."""
        for name in PREFIXES:
            self._read[name, node_id] = in_order(self._read.get((name, node_id), []))

    def _read_all_things(self, network: Network) -> None:
        """Read all records that a network's nodes made, in one query."""
        if ("things", network.id) in self._read or network.is_new:
            return
        known = {key for key in self._read if key[0] in PREFIXES}
        kept = {key: self._read.pop(key) for key in known if keys.network_of(key[1]) == network.id}
        self._sort_things(network, self._all_of(network_partition(network), "at#"))
        self._read.update(kept)
        for number in range(1, network.last_node + 1):
            self._close_things(network.id * 100_000 + number)
        self._read["things", network.id] = []

    def _network_wide(self, name: str, network: Network) -> list[Record]:
        self._read_all_things(network)
        found: dict[int, Record] = {}
        for node in self.nodes_in(network):
            for record in self._collection(name, node.id, node.is_new):
                found[record.id] = record
        return in_order(found.values())

    def nodes_in(self, network: Network) -> list[Node]:
        """All nodes of a network; their ids follow from its counter, so they are got by key."""
        ids = [network.id * 100_000 + number for number in range(1, network.last_node + 1)]
        unknown = [keys.node(node_id) for node_id in ids if ("node", node_id) not in self._records]
        self._fetch(unknown)
        for key in unknown:
            item = self._items[key]
            if item is None:
                raise Conflict(f"{network!r} has counted a node that isn't to be seen yet: {key}.")
            self._know_in_network("node", item)
        found = (self._records.get(("node", node_id)) for node_id in ids)
        return cast("list[Node]", in_order(node for node in found if node is not None))

    def infos_in(self, network: Network) -> list[Info]:
        """All infos of a network."""
        return cast("list[Info]", self._network_wide("info", network))

    def vectors_in(self, network: Network) -> list[Vector]:
        """All vectors of a network."""
        return cast("list[Vector]", self._network_wide("vector", network))

    def transformations_in(self, network: Network) -> list[Transformation]:
        """All transformations of a network."""
        return cast("list[Transformation]", self._network_wide("trans", network))

    def transmissions_in(self, network: Network) -> list[Transmission]:
        """All transmissions of a network."""
        stored: list[Record] = []
        if not network.is_new:
            items = self._all_of(network_partition(network), "to#")
            stored = [t for item in items if (t := self._know_transmission(item)) is not None]
        new = [r for key, rs in self._new_records.items() if key[0] == "to" for r in rs]
        mine = [r for r in new if cast("Transmission", r).network_id == network.id]
        return cast("list[Transmission]", in_order([*stored, *mine]))

    def infos_at(self, node: Node) -> Sequence[Info]:
        """All infos that a node made."""
        return cast("Sequence[Info]", self._collection("info", node.id, node.is_new))

    def vectors_at(self, node: Node) -> Sequence[Vector]:
        """All vectors that begin or end at a node."""
        return cast("Sequence[Vector]", self._collection("vector", node.id, node.is_new))

    def transmissions_to(self, node: Node) -> Sequence[Transmission]:
        """All transmissions sent to a node, loaded together with their infos."""
        return cast("Sequence[Transmission]", self._collection("to", node.id, node.is_new))

    def transmissions_from(self, node: Node) -> Sequence[Transmission]:
        """All transmissions sent by a node."""
        return cast("Sequence[Transmission]", self._collection("from", node.id, node.is_new))

    def transformations_at(self, node: Node) -> Sequence[Transformation]:
        """All transformations that a node made."""
        return cast("Sequence[Transformation]", self._collection("trans", node.id, node.is_new))

    def questions_of(self, participant: Participant) -> Sequence[Question]:
        """All questions that a participant answered."""
        return cast("Sequence[Question]", self._collection("question", participant.id, participant.is_new))

    def nodes_of(self, participant: Participant) -> list[Node]:
        """All nodes of a participant, read together."""
        return in_order(self.nodes(participant.node_ids))

    # -- scope of reading -------------------------------------------------------------------

    def declare_scope(self, *node_ids: int) -> None:
        """Declare the nodes that this request is about; reading them doesn't count as reading the network."""
        self._own_nodes.update(node_ids)

    def mark_network_read(self, network: Network, node: Node | None = None) -> None:
        """Record that code has read more of a network than the request's own nodes."""
        if node is not None and (node.id in self._own_nodes or node.is_new):
            return
        self._looked[network.id] = network

    def active_participants(self) -> list[Item]:
        """Return the list items of participants who haven't ended: id, status, whether they had a seat.

        Read once per unit of work, so that later arrivals and departures make no difference.
        """
        if self._listing is None:
            self._listing = self._not_over(self._of_all_shards("listed"))
        return list(self._listing)

    def _not_over(self, listed: list[Item]) -> list[Item]:
        """Leave out participants who are in both lists: half of the commit that moves them is visible."""
        if self._engine.shows_whole_commits:
            return listed
        for item in listed:
            self._sightings.see(item)
        moved = self._engine.get([keys.over(item["id"]) for item in listed])
        return [item for item in listed if keys.over(item["id"]) not in moved]

    def count_finished(self) -> int:
        """The number of participants who have ended (approved, rejected, returned ...), counted once."""
        if self._n_over is None:
            self._n_over = self._engine.count_each(_shards("over"))
        return self._n_over

    def _of_all_shards(self, name: str) -> list[Item]:
        return list(self._engine.query_each(_shards(name)))

    def statuses(self) -> dict[str, int]:
        """Count participants by status, from the small list."""
        return dict(Counter(item["status"] for item in self.listed_participants().values()))

    def listed_participants(self) -> dict[int, Item]:
        """Return the items of both lists by id; of two items for a participant, the final one.

        Read once per unit of work, too.
        """
        if self._listed is None:
            everyone = (*self.active_participants(), *self._of_all_shards("over"))
            self._listed = {item["id"]: item for item in everyone}
        return self._listed

    def participant_ids(self) -> list[int]:
        """Ids of all participants, in order."""
        return sorted(self.listed_participants())

    def ledger_lines(self) -> list[Item]:
        """Return the small items of all payments, which don't count when this unit looks for conflicts."""
        return self._of_all_shards("ledger")


#: The collections of a node, and the prefixes of their keys.
PREFIXES = {"info": "info#", "vector": "vec#", "trans": "trans#"}


@cache
def _shards(name: str) -> tuple[str, ...]:
    return tuple(f"{name}#{shard}" for shard in range(keys.SHARDS))


def _number_of_node(kind: str, record_id: int) -> int:
    """The number, in its network, of the node whose counter numbered a record."""
    return (record_id if kind == "node" else keys.node_of(record_id)) % NETWORK_SPAN


def network_partition(network: Network) -> str:
    return keys.partition(network.id)


def collection_of(record: Record) -> tuple[str, tuple[int, ...]]:
    """Return the names of the collections that a record belongs to, and their owners."""
    found: tuple[str, tuple[int, ...]] = COLLECTIONS[record.object_type](record)
    return found


def _beside(_: Any) -> tuple[str, tuple[int, ...]]:
    return "", ()


COLLECTIONS: dict[str, Any] = {
    "Network": lambda _: ("network", (0,)),
    "Node": _beside,
    "Info": lambda r: ("info", (r.origin_id,)),
    "Vector": lambda r: ("vector", (r.origin_id, r.destination_id)),
    "Transmission": lambda r: ("to", (r.destination_id,)),
    "Transformation": lambda r: ("trans", (r.node_id,)),
    "Participant": _beside,
    "Question": lambda r: ("question", (r.participant_id,)),
    "Payment": _beside,
    "Notification": _beside,
    "Recruitment": _beside,
}
