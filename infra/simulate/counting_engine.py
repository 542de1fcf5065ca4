"""An engine wrapper that counts DynamoDB calls and capacity units.

Capacity units follow AWS ("Read and write capacity units"): a strongly consistent read takes one per 4 KB,
rounded up, a write one per 1 KB, and a transaction twice that. A write is charged for the larger of the item
before and after, and a failed conditional write like a successful one.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from chalicelib.storage.dynamodb.item_models import to_wire, wire_size
from chalicelib.storage.engine import ANY, Check, Delete, Engine, Item, ItemPage, Key, Put, Write, project
from chalicelib.storage.engine_wrapper import EngineWrapper

READ_UNIT: Final = 4096
WRITE_UNIT: Final = 1024
#: Maximum number of keys of BatchGetItem.
BATCH: Final = 100
#: A query returns pages of 1 MB.
PAGE: Final = 1024 * 1024

COUNTERS: Final = ("calls", "gets", "queries", "commits", "increments", "read_units", "write_units")


class CountingEngine(EngineWrapper):
    """Delegates to either engine, and counts as if it were DynamoDB.

    It reads the items that a commit changes, uncounted, to know their sizes. So it is suitable for
    `petri verify` and for benchmarks that count, not for those that measure time.
    """

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine, with all counts at zero."""
        super().__init__(engine)
        self._counts: Counter[str] = Counter()
        self._guard = threading.Lock()

    def take_counts(self) -> dict[str, int]:
        """Return and reset the counts.

        `calls` are the sequential round trips; `gets`, `queries`, `commits` and `increments` are their
        parts; `read_units` and `write_units` are capacity units.
        """
        with self._guard:
            counts = {name: self._counts[name] for name in COUNTERS}
            self._counts.clear()
        return counts

    @property
    def shows_whole_commits(self) -> bool:
        """False, as with DynamoDB: copies of values in sibling items are written and charged too."""
        return False

    @property
    def deletes_expired(self) -> bool:
        """True, as with DynamoDB: deleting them costs nothing."""
        return True

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys."""
        return self._counted_get(keys, 1)

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys, in a transaction at twice the price."""
        return self._counted_get(keys, 2)

    def _counted_get(self, keys: Iterable[Key], price: int) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        found = self._engine.get(wanted)
        units = price * sum(_units(_size(found.get(key)), READ_UNIT) for key in wanted)
        self._count("gets", -(-len(wanted) // BATCH), read_units=units)
        return found

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""
        return self._pages(self._engine.query(pk, prefix))

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""
        # A count is charged like a query; only its response is shorter.
        return sum(1 for _ in self.query(pk, prefix))

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections in order."""
        for pk in pks:
            yield from self.query(pk, prefix)

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items, known or not, and count as `query` does."""
        del known
        return self.query(pk)

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return the total number of items of several collections."""
        return sum(self.count(pk, prefix) for pk in pks)

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""
        return self._pages(self._engine.query_until(pk, last))

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
        """Return one page, and count it as one query: a projection costs as much as whole items."""
        page = self._engine.page(pk, prefix=prefix, after=after, limit=limit, newest_first=newest_first)
        self._count("queries", 1, read_units=_units(sum(map(_size, page.items)), READ_UNIT))
        return ItemPage([project(item, fields) for item in page.items], page.after)

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields of the items that exist, and count as `get` does."""
        return {key: project(item, fields) for key, item in self.get(keys).items()}

    def _pages(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield items by page, since DynamoDB charges for a whole page even if only a part is read."""
        page: list[Item] = []
        size = 0
        for item in items:
            weight = _size(item)
            if page and size + weight > PAGE:
                self._count("queries", 1, read_units=_units(size, READ_UNIT))
                yield from page
                page, size = [], 0
            page.append(item)
            size += weight
        self._count("queries", 1, read_units=_units(size, READ_UNIT))
        yield from page

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when a condition fails."""
        if not writes:
            return
        before = self._engine.get([write.key for write in writes])
        if len(writes) == 1 and isinstance(writes[0], Check):
            # The engine checks a single item by reading it.
            self._count("commits", 1, read_units=_units(_size(before.get(writes[0].key)), READ_UNIT))
        else:
            units = sum(_write_units(write, before.get(write.key)) for write in writes)
            self._count("commits", 1, write_units=units * (2 if _is_transaction(writes) else 1))
        self._engine.commit(writes)

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key and return the new value."""
        self._count("increments", 1, write_units=1)
        return self._engine.increment(key, by)

    def _count(self, what: str, calls: int, *, read_units: int = 0, write_units: int = 0) -> None:
        with self._guard:
            self._counts.update(
                {what: calls, "calls": calls, "read_units": read_units, "write_units": write_units}
            )


class UncountedEngine(CountingEngine):
    """Passes calls on without measuring them, for simulations whose costs don't matter."""

    @property
    def shows_whole_commits(self) -> bool:
        """What the engine itself says."""
        return self._engine.shows_whole_commits

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys."""
        return self._engine.get(keys)

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys, in a transaction."""
        return self._engine.get_isolated(keys)

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield the items of a collection whose sk begins with the prefix, in order of sk."""
        return self._engine.query(pk, prefix)

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield the items of a collection whose sk is not after `last`, in order of sk."""
        return self._engine.query_until(pk, last)

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
        """Return one page of a collection."""
        return self._engine.page(
            pk, prefix=prefix, after=after, limit=limit, fields=fields, newest_first=newest_first
        )

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields of the items that exist under these keys."""
        return self._engine.get_fields(keys, fields)

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""
        return self._engine.count(pk, prefix)

    def commit(self, writes: Sequence[Write]) -> None:
        """Write all or nothing; raise Conflict when a condition fails."""
        self._engine.commit(writes)

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key and return the new value."""
        return self._engine.increment(key, by)


def _is_transaction(writes: Sequence[Write]) -> bool:
    only = writes[0]
    return len(writes) > 1 or (isinstance(only, Delete) and only.expect is not ANY)


def _write_units(write: Write, before: Item | None) -> int:
    after = write.item if isinstance(write, Put) else None
    return _units(max(_size(before), _size(after)), WRITE_UNIT)


def _size(item: Item | None) -> int:
    return 0 if item is None else wire_size(to_wire(item))


def _units(size: int, step: int) -> int:
    return max(1, -(-size // step))
