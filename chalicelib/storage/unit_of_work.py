"""Implements the unit of work: one request's records, which are committed atomically."""

from __future__ import annotations

import copy
import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Self, cast

from chalicelib.errors import Conflict, PetriError, RuleBroken
from chalicelib.messages import FailRecords, MessageBody, PostMore, to_body
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import MAX_NODES, NETWORK_SPAN, Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import PARTICIPANT_SPAN, Question
from chalicelib.model.record import Record, iso
from chalicelib.model.run_records import Payment, payment_id
from chalicelib.model.statuses import ENDED, PARTICIPANT_TRANSITIONS, ParticipantStatus, require_reachable
from chalicelib.model.transformation import Transformation
from chalicelib.model.transmission import Transmission
from chalicelib.model.vector import Vector
from chalicelib.ports import MAX_QUEUE_DELAY, TRANSIENT, Message
from chalicelib.ports.store import TouchedRow

from . import record_mapping
from .deferred_failures import Failure, FailureLog, Group
from .engine import ANY, UNKNOWN, Delete, Engine, Expect, Item, ItemPage, Key, Put, Write
from .large_commits import LargeCommit, RoomLeft, fits, is_large, require_unlocked, share_of_commit
from .network_cache import NetworkCache
from .record_reader import RecordReader, collection_of
from .sibling_versions import SIBLINGS, add_sibling_versions
from .touched_rows import touched_rows

logger = logging.getLogger("petri")

#: The difference between the creation times of two records that one request creates.
TICK = timedelta(microseconds=1)
#: A message that still exists this long after it was due has been lost in flight.
SETTLE_TIME = timedelta(seconds=30)
#: How many messages of one unit of work have a record each: a DynamoDB transaction takes 100 writes.
MOST_POSTED = 40
#: Further messages are recorded in batches of at most this many messages and bytes, which another commit
#: posts. SQS carries a quarter of a megabyte.
POSTED_TOGETHER, BYTES_TOGETHER = 80, 200 * 1024
#: How many deferred failures one message contains.
FAILURES_TOGETHER = 1000


class EngineUnitOfWork(RecordReader):
    """A unit of work as a context manager, which discards what wasn't committed."""

    def __init__(self, engine: Engine, now: datetime, roots: NetworkCache | None = None) -> None:
        """`now`: the time of this unit of work and of every record that it creates."""
        super().__init__(engine, now, roots)
        self._changes: dict[Key, tuple[Item, Expect]] = {}
        self._deletions: dict[Key, Expect] = {}
        self._state: dict[str, Any] | None = None
        #: Messages that this unit of work posts.
        self.posted: list[Message] = []
        #: Messages beyond MOST_POSTED: the body and when it is due.
        self._to_post: list[dict[str, Any]] = []
        #: The newest time at which this unit of work received a transmission.
        self._last_receipt: datetime | None = None
        self._failure_log = FailureLog()
        #: Networks whose failures are deferred to a later commit, which checks their versions.
        self._deferred_networks: set[int] = set()
        #: Whether the commit changed a network: a place may have opened.
        self.network_changed = False
        #: The kinds of the items that the commit has written.
        self.written_kinds: frozenset[str] = frozenset()
        #: Items that are written if this unit of work ends without a commit; each list has its own commit.
        self._if_discarded: list[list[Write]] = []
        self.committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After anything but an Exception, the process ends as in a crash.
        if not self.committed and (kind is None or issubclass(kind, Exception)):
            self._write_discarded()
        self._records.clear()
        self._read.clear()
        self._new_records.clear()

    # -- new records ------------------------------------------------------------------------

    def attach(self, record: Record) -> None:
        """Add a new record to this unit of work, and set its id and creation time."""
        if record._work is None:
            self._attach(record, lambda: GIVE_ID[record.object_type](self, record))

    def _attach(self, record: Record, give_id: Callable[[], None]) -> None:
        # An author's constructor need not have called Petri's.
        record.prepare()
        record._work = self
        give_id()
        record._touched = True
        self._records[record_mapping.kind_of(record), record.id] = record
        name, owners = collection_of(record)
        for owner_id in owners:
            self._new_records.setdefault((name, owner_id), []).append(record)
        if isinstance(record, Transmission):
            self._new_records.setdefault(("from", record.origin_id), []).append(record)

    def save(self, *records: Record) -> None:
        """Add records to this unit of work; nothing is written before the commit."""
        for record in records:
            if record._work is None:
                self.attach(record)
            elif record._work is not self:
                raise RuleBroken(f"{record!r} belongs to an earlier request; load it again.")
            else:
                record._touched = True

    def _moment_after(self, *owners: Network | Node | Participant) -> datetime:
        """The creation time of a new record: now, or just after its owners' newest record.

        All are different, so that `max(infos, key=attrgetter("creation_time"))` finds the newest.
        """
        moment = max([self._now, *(owner.last_time + TICK for owner in owners if owner.last_time)])
        for owner in owners:
            owner.last_time = moment
        return moment

    def next_receipt(self, transmission: Transmission) -> datetime:
        """Return the time at which a transmission is received: after each earlier one of this unit of work.

        A new transmission is received after its creation.
        """
        earlier = [transmission.creation_time] if transmission.is_new else []
        if self._last_receipt is not None:
            earlier.append(self._last_receipt)
        self._last_receipt = max([self._now, *(moment + TICK for moment in earlier)])
        return self._last_receipt

    def _give_network_id(self, record: Record) -> None:
        network = cast("Network", record)
        self._fetch([keys.HEADER, keys.network_count()])
        header = self.item(keys.HEADER)
        change = self._changes.get(keys.HEADER)
        current = dict(change[0] if change else header or {"last_id": 0})
        counted = (self.item(keys.network_count()) or {"v": 0})["v"]
        self._number_network(network, max(current["last_id"], counted) + 1)
        stored = header["v"] if header else None
        self.put_item(
            keys.HEADER,
            "networks_header",
            {**without_keys(current), "last_id": network.id},
            expect=stored,
        )

    def save_concurrently(self, network: Network) -> None:
        """Add a new network whose number is taken at once, outside of this unit's commit.

        Requests that each make a network at the same time don't conflict, as they do with `save`, which lets
        only one of them find that a network is missing. A unit that isn't committed leaves a gap.
        """
        header = self.item(keys.HEADER)
        require_unlocked(self._engine, keys.HEADER, header, self._now)
        numbered = (header or {}).get("last_id", 0)
        number = self._engine.increment(keys.network_count())
        if number <= numbered:
            number = self._engine.increment(keys.network_count(), numbered - number + 1)
        self._attach(network, lambda: self._number_network(network, number))

    def _number_network(self, network: Network, number: int) -> None:
        if number > MAX_NODES:
            raise RuleBroken(f"An experiment holds at most {MAX_NODES} networks.")
        network.id = number
        network.creation_time = self._now
        if self._all_networks is not None:
            self._all_networks.append(network)

    def _give_node_id(self, record: Record) -> None:
        node = cast("Node", record)
        network = node.network
        if network.last_node >= MAX_NODES:
            raise RuleBroken(f"{network!r} has had {MAX_NODES} nodes; a network holds no more.")
        network.last_node += 1
        node.id = network.id * NETWORK_SPAN + network.last_node
        node.creation_time = self._moment_after(network)
        self._own_nodes.add(node.id)

    def _give_info_id(self, record: Record) -> None:
        info = cast("Info", record)
        self._number(info, self.node(info.origin_id))

    def _give_transformation_id(self, record: Record) -> None:
        transformation = cast("Transformation", record)
        self._number(transformation, self.node(transformation.node_id))

    def _give_vector_id(self, record: Record) -> None:
        vector = cast("Vector", record)
        node = self._fresh_end(vector.origin_id, vector.destination_id)
        self._number(vector, node, vector.network)

    def _give_transmission_id(self, record: Record) -> None:
        transmission = cast("Transmission", record)
        self._number(transmission, self._fresh_end(transmission.origin_id, transmission.destination_id))

    def _fresh_end(self, origin_id: int, destination_id: int) -> Node:
        """The node whose counter numbers a link: the new node in a join, so parents aren't changed."""
        destination = self.node(destination_id)
        return destination if destination.is_new else self.node(origin_id)

    def _number(self, thing: Record, node: Node, *also: Network) -> None:
        thing.id = node.next_thing()
        thing.creation_time = self._moment_after(node, *also)

    def _give_participant_id(self, record: Record) -> None:
        record.id = self._engine.increment(keys.counter("participant"))
        record.creation_time = self._now

    def _give_question_id(self, record: Record) -> None:
        question = cast("Question", record)
        participant = self.participant(question.participant_id)
        participant.last_question += 1
        question.id = participant.id * PARTICIPANT_SPAN + participant.last_question
        question.creation_time = self._moment_after(participant)

    def _give_payment_id(self, record: Record) -> None:
        payment = cast("Payment", record)
        payment.id = payment_id(payment.participant_id, payment.kind)
        payment.creation_time = self._now

    def _give_report_id(self, record: Record) -> None:
        record.id = self._engine.increment(keys.counter(record_mapping.kind_of(record)))
        record.creation_time = self._now

    # -- raw items: uniqueness, lists, messages, state ------------------------------------------

    def put_item(self, key: Key, kind: str, fields: Mapping[str, Any], *, expect: Expect = None) -> None:
        """Write a raw item with the commit, which fails unless the stored item is as expected."""
        version = expect + 1 if isinstance(expect, int) else 1
        item = {"pk": key[0], "sk": key[1], "kind": kind, **fields, "v": version}
        stored = self._items.get(key)
        if stored is not None and UNKNOWN in stored:
            # Fields that a newer version of Petri has written are preserved.
            item.setdefault(UNKNOWN, stored[UNKNOWN])
        self._changes[key] = (item, expect)

    def increment_now(self, key: Key) -> int:
        """Increment a counter immediately, whether or not this unit of work commits; return the new count."""
        return self._engine.increment(key)

    def write_if_discarded(self, items: Sequence[tuple[Key, str, Mapping[str, Any]]]) -> None:
        """Write new raw items if this unit of work ends without a commit."""
        self._if_discarded.append(
            [
                Put({"pk": pk, "sk": sk, "kind": kind, **fields, "v": 1}, None)
                for (pk, sk), kind, fields in items
            ]
        )

    def _write_discarded(self) -> None:
        for writes in self._if_discarded:
            try:
                self._engine.commit(writes)
            except Conflict:
                # The commit took effect although its response was lost, or another unit of work wrote these
                # items.
                continue
            except PetriError as error:
                # The error that ended the unit of work propagates; readers of the counter find the gap.
                logger.warning("What a discarded unit of work had counted was not given back: %s", error)

    def delete_item(self, key: Key, *, expect: Expect = ANY) -> None:
        """Delete a raw item with the commit."""
        self._deletions[key] = expect

    def put_if_unchanged(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Replace an item if it hasn't changed since this unit of work read it, or write a new one."""
        stored = self.item(key)
        self.put_item(key, kind, fields, expect=stored["v"] if stored else None)

    @property
    def state(self) -> dict[str, Any]:
        """The experiment's own state; changes are written with the commit."""
        if self._state is None:
            stored = self.item(keys.EXPERIMENT)
            # A deep copy, so that nested changes differ from the item that was read.
            self._state = copy.deepcopy(without_keys(stored)) if stored else {}
        return self._state

    def _write_state(self) -> None:
        stored = self._items.get(keys.EXPERIMENT)
        if self._state is not None and self._state != (without_keys(stored) if stored else {}):
            self.put_item(keys.EXPERIMENT, "experiment", self._state, expect=stored["v"] if stored else None)

    def update_status_index(self, participant: Participant) -> None:
        """Update the list of participants by status; participants who have ended are in a separate list."""
        fields = {
            "id": participant.id,
            "status": participant.status,
            "seated": bool(participant.node_ids),
            "recruiter": participant.recruiter,
        }
        if participant.waiting_since is not None and not participant.early_exit_reason:
            fields["waiting"] = True
        current_key, other_key = keys.listed(participant.id), keys.over(participant.id)
        if participant.status in ENDED:
            current_key, other_key = other_key, current_key
        self.put_item(current_key, "listed", fields, expect=ANY)
        # Its siblings name it with the participant's new version.
        self._changes[current_key][0]["v"] = participant._version + 1
        stored = self._items.get(keys.participant(participant.id))
        if stored is not None and (stored["status"] in ENDED) != (participant.status in ENDED):
            self.delete_item(other_key)

    def items(self, pk: str, prefix: str = "") -> list[Item]:
        """Return the raw items of a collection, read again; each can then be replaced if unchanged."""
        found = list(self._engine.query(pk, prefix))
        self._items.update({(item["pk"], item["sk"]): item for item in found})
        for item in found:
            self._sightings.see(item, again=True)
        self._sightings.see_end(pk, prefix)
        return found

    def page(
        self,
        pk: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 50,
        fields: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> ItemPage:
        """Return one page of a collection as it is stored; it doesn't count when conflicts are looked for."""
        return self._engine.page(
            pk, prefix=prefix, after=after, limit=limit, fields=fields, newest_first=newest_first
        )

    def get_fields(self, wanted: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return some fields of the items under these keys as they are stored, like `page`."""
        return self._engine.get_fields(wanted, fields)

    def put_unconditional(self, key: Key, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a raw item with the commit, whatever is stored under its key."""
        self.put_item(key, kind, fields, expect=ANY)

    def post(self, body: MessageBody, due: datetime | None = None) -> None:
        """Record a message in this commit; it is sent after the commit, and not before it is due.

        Messages beyond MOST_POSTED are recorded together in one message, which posts them a moment later.
        """
        if sum(message.key[0] != TRANSIENT for message in self.posted) < MOST_POSTED:
            self._record(body, due)
        else:
            self._to_post.append({"body": to_body(body), "due": iso(due)})

    def _record(self, body: MessageBody, due: datetime | None = None) -> None:
        at = due or self._now
        key = keys.message(at, secrets.token_hex(8))
        fields: dict[str, Any] = {"body": to_body(body)}
        if at - self._now <= MAX_QUEUE_DELAY:
            # The process that commits a message sends it; messages that are due later are sent by the sweep.
            fields["carried_until"] = iso(at + SETTLE_TIME)
        self.put_item(key, "message", fields)
        self.posted.append(Message(key, fields["body"], due))

    def send_transient(self, body: MessageBody, name: str, due: datetime | None = None) -> None:
        """Send a nudge after the commit without recording it: many at once would conflict on the record.

        A burst of nudges with the same name is handled once; the clock makes up for those that a crash loses.
        """
        self.posted.append(Message((TRANSIENT, name), to_body(body), due))

    def _record_the_rest(self) -> None:
        """Record messages beyond MOST_POSTED in batches."""
        page: list[dict[str, Any]] = []
        size = 0
        for message in self._to_post:
            weight = len(json.dumps(message))
            if page and (len(page) == POSTED_TOGETHER or size + weight > BYTES_TOGETHER):
                self._record(PostMore(tuple(page)))
                page, size = [], 0
            page.append(message)
            size += weight
        if page:
            self._record(PostMore(tuple(page)))
        self._to_post = []

    def touched_rows(self) -> list[TouchedRow]:
        """Return the records, notes and dead letters that the commit would write or delete, by now."""
        return touched_rows(self._changed_records(), self._changes, self._deletions, self._items)

    def has_changes(self) -> bool:
        """Return whether the commit would write, delete or send anything, by now."""
        self._write_state()
        pending = (self._changes, self._deletions, self.posted, self._to_post)
        return any(pending) or bool(self._changed_records())

    # -- committing -----------------------------------------------------------------------------

    def commit(self) -> None:
        """Write everything atomically, or raise Conflict and write nothing."""
        if self.committed:
            raise RuleBroken("This unit of work was committed already; a request commits once.")
        self._record_the_rest()
        self._write_state()
        changed = self._changed_records()
        writes = self._writes(changed)
        if self._failure_log.failures and not fits(self._engine, writes):
            changed = self._defer_failures(changed)
            writes = self._writes(changed)
        if writes:
            self._require_no_lease(changed)
            if is_large(self._engine, writes):
                LargeCommit(self._engine, self._now, self._stored_root_item).commit(writes)
            elif self._engine.shows_whole_commits:
                self._engine.commit(writes)
            else:
                self._engine.commit(add_sibling_versions(writes, self._items.get))
        self.written_kinds = frozenset(write.item["kind"] for write in writes if isinstance(write, Put))
        self.network_changed = any(isinstance(record, Network) for record in changed)
        self.committed = True

    def failing(self, record: Record, reason: str | None) -> AbstractContextManager[None]:
        """Record that a record fails in this block, so that the failure can be deferred to a later commit."""
        return self._failure_log.failing(record, reason)

    def share_of_commit(self, record: Record) -> float:
        """Return the share of one commit that failing a record takes, its cascade apart."""
        written = (record, *record._failure_counters())
        return share_of_commit(self._engine, [write for one in written for write in self._writes_of(one)])

    def _defer_failures(self, changed: Sequence[Record]) -> list[Record]:
        """Defer failures that don't fit into this commit to messages, and return the records to write now.

        Their networks aren't checked either: the later commit does that.
        """
        groups = self._failure_log.deferrable(changed)
        deferrable = {id(record) for records in groups.values() for record in records}
        kept = [record for record in changed if id(record) not in deferrable]
        self._deferred_networks = {number for kind, number in groups if kind == "Network"}
        messages = len(groups) // FAILURES_TOGETHER + 1
        room = RoomLeft(self._engine, self._writes(kept), messages)
        deferred: list[Failure] = []
        for group, records in groups.items():
            if room.take(self._writes_of_group(group, records)):
                kept += records
                self._deferred_networks.discard(group[1])
            else:
                deferred += self._failure_log.failures[group]
        for start in range(0, len(deferred), FAILURES_TOGETHER):
            self._record(FailRecords(tuple(deferred[start : start + FAILURES_TOGETHER])))
        return kept

    def _writes_of_group(self, group: Group, records: Sequence[Record]) -> list[Write]:
        looked = self._looked.get(group[1]) if group[0] == "Network" else None
        with_root = records if looked is None or looked in records else [*records, looked]
        return [write for record in with_root for write in self._writes_of(record)]

    def _changed_records(self) -> list[Record]:
        return [record for record in self._records.values() if record.is_new or record.is_changed]

    def _writes(self, changed: Sequence[Record]) -> list[Write]:
        looked: list[Network] = []
        if changed or self._changes or self._deletions:
            known = {record.id for record in changed if isinstance(record, Network)} | self._deferred_networks
            # Code that has read beyond its own node depends on the network being unchanged.
            looked = [network for id_, network in self._looked.items() if id_ not in known]
        writes: list[Write] = []
        for record in (*changed, *looked):
            writes += self._writes_of(record)
        writes += [Put(item, expect) for item, expect in self._changes.values()]
        writes += [Delete(key, expect) for key, expect in self._deletions.items() if key not in self._changes]
        return writes

    def _writes_of(self, record: Record) -> list[Write]:
        if "_came_as" in record.__dict__:
            return self._writes_of_copy(cast("Info", record))
        if isinstance(record, Participant):
            self._require_reachable_status(record)
        version = record._version
        expect = version or None
        items = record_mapping.items_of(record, version + 1)
        writes: list[Write] = [Put(item, expect) for item in items]
        if record.is_new and isinstance(record, Transmission):
            writes.append(Put(record_mapping.sent_item(record), None))
        if isinstance(record, Payment):
            # Needs no condition: the payment itself, in the same commit, has one.
            writes += [Put(record_mapping.ledger_line_item(item), ANY) for item in items]
        return writes

    def _require_reachable_status(self, participant: Participant) -> None:
        """Validate the transition from the stored status, since an author's code may have set the new one."""
        stored = self._items.get(keys.participant(participant.id))
        before = ParticipantStatus.WORKING if stored is None else stored["status"]
        require_reachable(PARTICIPANT_TRANSITIONS, before, participant.status)

    def _writes_of_copy(self, info: Info) -> list[Write]:
        """Write the changes of an info that was copied into a transmission to the original."""
        stored = self._engine.get([keys.info(info.id)]).get(keys.info(info.id))
        if stored is None:
            raise Conflict(f"{info!r} is not there any more.")
        before = {**info.__dict__["_came_as"], "details": json.loads(info._details_json)}
        now = record_mapping.fields_of(info)
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        kept = {name: value for name, value in stored.items() if name in now or name not in before}
        return [Put({**kept, **changed, "v": stored["v"] + 1}, stored["v"])]

    def _stored_root_item(self, network_id: int) -> Item | None:
        return self._items.get(keys.root(network_id)) or self._engine.get([keys.root(network_id)]).get(
            keys.root(network_id)
        )

    def _require_no_lease(self, changed: Sequence[Record]) -> None:
        """Raise Conflict while a large commit changes a network to be written; clean up a dead one."""
        networks = [record for record in changed if isinstance(record, Network)]
        for network in [*networks, *self._looked.values()]:
            require_unlocked(self._engine, keys.root(network.id), {"lease": network.lease}, self._now)
        if keys.HEADER in self._changes:
            require_unlocked(self._engine, keys.HEADER, self._items.get(keys.HEADER), self._now)


GIVE_ID: dict[str, Any] = {
    "Network": EngineUnitOfWork._give_network_id,
    "Node": EngineUnitOfWork._give_node_id,
    "Info": EngineUnitOfWork._give_info_id,
    "Vector": EngineUnitOfWork._give_vector_id,
    "Transmission": EngineUnitOfWork._give_transmission_id,
    "Transformation": EngineUnitOfWork._give_transformation_id,
    "Participant": EngineUnitOfWork._give_participant_id,
    "Question": EngineUnitOfWork._give_question_id,
    "Payment": EngineUnitOfWork._give_payment_id,
    "Notification": EngineUnitOfWork._give_report_id,
    "Recruitment": EngineUnitOfWork._give_report_id,
}


def without_keys(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's own fields."""
    return {
        name: value for name, value in item.items() if name not in ("pk", "sk", "kind", "v", "mark", SIBLINGS)
    }
