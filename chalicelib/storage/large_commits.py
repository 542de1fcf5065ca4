"""Commits more writes than an engine's limit: staged under a lease, visible to readers at one moment.

(1) Take a lease on the holder (a network's root, or the header of all networks if the commit only creates
networks): version v becomes v+1. Other structural writers get a conflict. (2) Write new items in batches,
stamped `pub + 1`; each batch checks that the holder is still at v+1. (3) The last batch publishes the
stamp, ends the lease and contains every change to existing items. (4) Readers read the holder first and
ignore items stamped above `pub`. (5) Another writer takes over an expired lease by its version, and deletes
items stamped above `pub`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import CommitTooLarge, Conflict, PetriError
from chalicelib.model import keys
from chalicelib.model.record import iso

from .engine import Check, Delete, Engine, Item, Key, Put, Write
from .sibling_versions import add_sibling_versions

#: How long a large commit can take before another writer considers it dead.
LEASE_SECONDS = 20.0
#: This many items can't exceed an engine's limit in bytes: an item has at most 400 KB.
ALWAYS_FITS = 9
#: How many deletions go into one commit: half a transaction.
DELETIONS_AT_ONCE = 50


def is_large(engine: Engine, writes: Sequence[Write]) -> bool:
    """Whether a commit exceeds the engine's limits for one transaction."""
    if len(writes) > engine.max_writes:
        return True
    return len(writes) > ALWAYS_FITS and sum(map(_size, writes)) > engine.max_bytes


def share_of_commit(engine: Engine, writes: Sequence[Write]) -> float:
    """Return the share of the engine's limits for one transaction that these writes take."""
    return max(len(writes) / engine.max_writes, sum(map(_size, writes)) / engine.max_bytes)


def fits(engine: Engine, writes: Sequence[Write]) -> bool:
    """Whether a commit can be written, in one transaction or as a large commit."""
    if not is_large(engine, writes):
        return True
    fresh = [w for w in writes if isinstance(w, Put) and _can_wait_unseen(w)]
    changes = [w for w in writes if not (isinstance(w, Put) and _can_wait_unseen(w))]
    existing, makes_networks = _places(fresh)
    has_holder = len(existing) == (0 if makes_networks else 1)
    return has_holder and len(changes) < engine.max_writes and not is_large(engine, changes)


class RoomLeft:
    """Tracks how much room is left in one transaction."""

    def __init__(self, engine: Engine, writes: Sequence[Write], more: int) -> None:
        """Begin with the writes that are certain, and the number of small ones that follow."""
        self._writes = engine.max_writes - len(writes) - more
        self._bytes = engine.max_bytes - sum(map(_size, writes))

    def take(self, writes: Sequence[Write]) -> bool:
        """Reserve room for more writes; False when there isn't enough for all of them."""
        size = sum(map(_size, writes))
        if len(writes) > self._writes or size > self._bytes:
            return False
        self._writes -= len(writes)
        self._bytes -= size
        return True


def _places(fresh: Iterable[Put]) -> tuple[set[str], bool]:
    """Return the existing networks' partitions that get new items, and whether any network is new."""
    touched = {w.key[0] for w in fresh if w.key[0].startswith("net#")}
    new_roots = {w.key for w in fresh if w.key[0] == keys.NETWORKS}
    return touched - {keys.partition(int(sk)) for _, sk in new_roots}, bool(new_roots)


def _size(write: Write) -> int:
    """Estimate how many bytes a write takes: DynamoDB counts UTF-8."""
    if not isinstance(write, Put):
        return 100
    return len(json.dumps(write.item, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def lease_has_expired(lease: Mapping[str, Any], now: datetime) -> bool:
    """Whether a writer's lease has expired."""
    return str(lease["until"]) < str(iso(max(now, datetime.now(UTC))))


def _can_wait_unseen(put: Put) -> bool:
    """Whether readers ignore a new item until it is published: a network's item, or a root."""
    pk, sk = put.key
    return put.expect is None and (pk.startswith("net#") or (pk == keys.NETWORKS and sk != keys.HEADER[1]))


def _is_stamped(put: Put, holder: Key) -> bool:
    """Whether an item needs the stamp: items in a new network are invisible until its root is published."""
    return holder != keys.HEADER or put.key[0] == keys.NETWORKS


class LargeCommit:
    """Writes a list that is too long for one transaction, so that readers see all or none of it."""

    def __init__(self, engine: Engine, now: datetime, stored_root: Callable[[int], Item | None]) -> None:
        """`stored_root` returns a network's root item as this unit of work read it."""
        self._engine = engine
        self._now = now
        self._stored_root = stored_root

    def commit(self, writes: Sequence[Write]) -> None:
        """Stage, then publish. Conflict when the holder has changed; CommitTooLarge when it is impossible."""
        fresh = [w for w in writes if isinstance(w, Put) and _can_wait_unseen(w)]
        if not fresh:
            raise self._too_many(writes)
        holder, stored = self._holder(fresh)
        changes = [w for w in writes if w.key != holder and not (isinstance(w, Put) and _can_wait_unseen(w))]
        if len(changes) + 1 > self._engine.max_writes:
            raise self._too_many(changes)
        final = _write_of(holder, stored, writes)
        require_unlocked(self._engine, holder, stored, self._now)
        lease, stamp = self._take_lease(holder, stored, fresh)
        try:
            self._stage(fresh, holder, lease.item["v"], stamp)
            self._publish(holder, final.item if final else stored or {}, lease.item["v"], stamp, changes)
        except PetriError:
            # This commit has failed for certain, so other writers needn't wait until the lease expires.
            recover(self._engine, holder, by=lease.item["lease"]["by"])
            raise

    def _too_many(self, changes: Sequence[Write]) -> CommitTooLarge:
        return CommitTooLarge(
            f"One request changes {len(changes)} existing records ({sum(map(_size, changes))} bytes); "
            f"{self._engine.max_writes - 1} records and {self._engine.max_bytes} bytes are the most that "
            "can be written at one moment. Do it in several requests."
        )

    def _stage(self, fresh: Sequence[Put], holder: Key, version: int, stamp: int) -> None:
        for batch in self._batches(fresh):
            staged = [
                Put({**put.item, "s": stamp}, None) if _is_stamped(put, holder) else put for put in batch
            ]
            self._engine.commit([Check(holder, version), *staged])

    def _holder(self, fresh: Sequence[Put]) -> tuple[Key, Item | None]:
        existing, makes_networks = _places(fresh)
        if makes_networks and not existing:
            header = self._engine.get([keys.HEADER]).get(keys.HEADER)
            return keys.HEADER, header
        if len(existing) == 1 and not makes_networks:
            network_id = int(existing.pop().removeprefix("net#"))
            return keys.root(network_id), self._stored_root(network_id)
        raise CommitTooLarge(
            f"One request makes too much in {len(existing)} networks at once: write to one at a time."
        )

    def _take_lease(self, holder: Key, stored: Item | None, fresh: Sequence[Put]) -> tuple[Put, int]:
        stamp = (stored or {}).get("pub", 0) + 1
        version = (stored or {}).get("v", 0)
        until = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)
        lease: dict[str, Any] = {"by": secrets.token_hex(8), "until": iso(until)}
        if holder == keys.HEADER:
            lease["networks"] = sorted(int(w.key[1]) for w in fresh if w.key[0] == keys.NETWORKS)
        base = stored or {"pk": holder[0], "sk": holder[1], "kind": "networks_header", "last_id": 0}
        taken = Put({**base, "v": version + 1, "lease": lease}, version or None)
        self._engine.commit([taken])
        return taken, stamp

    def _batches(self, fresh: Sequence[Put]) -> Iterable[list[Put]]:
        batch: list[Put] = []
        size = 0
        for put in fresh:
            weight = _size(put)
            if batch and (
                len(batch) >= self._engine.max_writes - 1 or size + weight > self._engine.max_bytes
            ):
                yield batch
                batch, size = [], 0
            batch.append(put)
            size += weight
        if batch:
            yield batch

    def _publish(self, holder: Key, final: Item, version: int, stamp: int, changes: Sequence[Write]) -> None:
        published = {
            **final,
            "pk": holder[0],
            "sk": holder[1],
            "kind": "networks_header" if holder == keys.HEADER else "network",
            "v": version + 1,
            "pub": stamp,
        }
        writes: list[Write] = [Put(published, version), *changes]
        if not self._engine.shows_whole_commits:
            writes = add_sibling_versions(writes, lambda _: final)
        self._engine.commit(writes)


def _write_of(holder: Key, stored: Item | None, writes: Sequence[Write]) -> Put | None:
    """Return the commit's own write of the holder; Conflict when the holder has changed since it was read."""
    final = next((w for w in writes if isinstance(w, Put) and w.key == holder), None)
    if final is not None and final.expect != (stored["v"] if stored else None):
        raise Conflict(f"{holder} was changed by another request.")
    return final


def require_unlocked(engine: Engine, holder: Key, item: Mapping[str, Any] | None, now: datetime) -> None:
    """Raise Conflict while a large commit holds the lease; clean up first if the lease has expired."""
    lease = (item or {}).get("lease")
    if not lease:
        return
    if lease_has_expired(lease, now):
        recover(engine, holder)
    raise Conflict(f"{holder} is in the middle of a large commit.")


def recover(engine: Engine, holder: Key, by: str | None = None) -> None:
    """Take over a dead large commit, or this writer's own: delete the staged items and end the lease."""
    item = engine.get([holder]).get(holder)
    if item is None or not item.get("lease") or by not in (None, item["lease"]["by"]):
        return
    until = iso(datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS))
    lease = {**item["lease"], "by": secrets.token_hex(8), "until": until}
    taken = {**item, "v": item["v"] + 1, "lease": lease}
    engine.commit([Put(taken, item["v"])])
    _delete_all(engine, _staged(engine, holder, item))
    free = {name: value for name, value in taken.items() if name != "lease"}
    engine.commit([Put({**free, "v": taken["v"] + 1}, taken["v"])])


def _staged(engine: Engine, holder: Key, item: Item) -> Iterable[Key]:
    pub = item.get("pub", 0)
    if holder == keys.HEADER:
        for network_id in item["lease"].get("networks", ()):
            root = engine.get([keys.root(network_id)]).get(keys.root(network_id))
            if root is not None and root.get("s", 0) <= pub:
                # Another request has made a network of this number, which made the large commit fail.
                continue
            for staged in engine.query(keys.partition(network_id)):
                yield staged["pk"], staged["sk"]
            yield keys.root(network_id)
        return
    for staged in engine.query(keys.partition(int(holder[1]))):
        if staged.get("s", 0) > pub:
            yield staged["pk"], staged["sk"]


def _delete_all(engine: Engine, doomed: Iterable[Key]) -> None:
    batch: list[Write] = []
    for key in list(doomed):
        batch.append(Delete(key))
        if len(batch) == min(engine.max_writes, DELETIONS_AT_ONCE):
            engine.commit(batch)
            batch = []
    if batch:
        engine.commit(batch)


__all__ = [
    "LargeCommit",
    "RoomLeft",
    "fits",
    "is_large",
    "lease_has_expired",
    "recover",
    "require_unlocked",
    "share_of_commit",
]
