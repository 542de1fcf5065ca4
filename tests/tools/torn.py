"""An engine whose commits become visible item by item, as DynamoDB's may.

AWS: "Amazon DynamoDB Transactions: How it works", isolation levels: Query and BatchGetItem are
read-committed for each item, and not for a transaction as a whole. So a reader may see one item of a
TransactWriteItems with its new value and another with its old one.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from chalicelib.errors import Conflict
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.engine import (
    Check,
    Engine,
    Item,
    ItemPage,
    Key,
    Write,
    first_page,
    project,
    require_page,
)
from chalicelib.storage.engine_wrapper import EngineWrapper

#: The maximum time in seconds until all items of a commit are visible.
LONGEST = 0.005


class TornEngine(EngineWrapper):
    """Forwards everything to an engine, and makes the items of a commit visible one after the other.

    The inner engine has the current state, which a commit checks and changes atomically. Then the items
    become visible in random order, within 5 ms, and only then the commit returns. Until then plain reads
    return the old item. Transactions on an item that isn't visible yet are refused, and so are isolated
    reads of it, as DynamoDB refuses both with TransactionConflict.
    """

    max_writes = DynamoDBEngine.max_writes
    max_bytes = DynamoDBEngine.max_bytes
    shows_whole_commits = False

    def __init__(
        self,
        engine: Engine,
        *,
        longest: float = LONGEST,
        seed: int | None = None,
        between: Callable[[], None] | None = None,
    ) -> None:
        """`between`: called instead of a pause when some of a commit's items are visible, but not all."""
        super().__init__(engine)
        self.between = between
        self.inner = engine
        self._longest = longest
        self._random = random.Random(seed)
        self._guard = threading.RLock()
        #: The old values (or None) of changed items that aren't visible yet.
        self._before: dict[Key, Item | None] = {}
        #: An item that becomes visible last.
        self.last: Key | None = None

    @property
    def unseen(self) -> frozenset[Key]:
        """The changed items that aren't visible yet."""
        with self._guard:
            return frozenset(self._before)

    # -- writing --------------------------------------------------------------------------------

    def commit(self, writes: Sequence[Write]) -> None:
        changed = [write.key for write in writes if not isinstance(write, Check)]
        with self._guard:
            if any(write.key in self._before for write in writes):
                raise Conflict("Another transaction is at work on one of these items.")
            before = self.inner.get(changed)
            self.inner.commit(writes)
            if len(writes) > 1:
                self._before.update({key: before.get(key) for key in changed})
                self._random.shuffle(changed)
                changed.sort(key=lambda key: key == self.last)
                pauses = [self._random.random() for _ in changed]
                scale = self._random.uniform(0, self._longest) / (sum(pauses) or 1)
        if len(writes) > 1:
            for key, pause in zip(changed, pauses, strict=True):
                if self.between is None:
                    time.sleep(pause * scale)
                else:
                    self.between()
                with self._guard:
                    del self._before[key]

    # -- reading --------------------------------------------------------------------------------

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        items: dict[Key, Item] = {}
        for key in dict.fromkeys(keys):
            with self._guard:
                item = self._before[key] if key in self._before else self.inner.get([key]).get(key)
            if item is not None:
                items[key] = item
        return items

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        requested = list(keys)
        with self._guard:
            if any(key in self._before for key in requested):
                raise Conflict("A transaction is at work on one of these items.")
            return self.inner.get(requested)

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        with self._guard:
            visible = {item["sk"]: item for item in self.inner.query(pk, prefix)}
            for (its_pk, sk), item in self._before.items():
                if its_pk == pk and sk.startswith(prefix):
                    visible.pop(sk, None)
                    if item is not None:
                        visible[sk] = item
        return iter([visible[sk] for sk in sorted(visible)])

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        return (item for item in self.query(pk) if item["sk"] <= last)

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        for pk in pks:
            yield from self.query(pk, prefix)

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        del known
        return self.query(pk)

    def count(self, pk: str, prefix: str = "") -> int:
        return sum(1 for _ in self.query(pk, prefix))

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        return sum(self.count(pk, prefix) for pk in pks)

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
        require_page(prefix, after, limit)
        items = list(self.query(pk, prefix))
        if newest_first:
            items.reverse()
        if after is not None:
            items = [i for i in items if (i["sk"] < after if newest_first else i["sk"] > after)]
        return first_page(items, limit, fields)

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        return {key: project(item, fields) for key, item in self.get(keys).items()}
