"""An engine whose readers see commits item by item, as those of DynamoDB may.

AWS: "Amazon DynamoDB Transactions: How it works", isolation levels: Query and BatchGetItem are
read-committed for each item, and not for a transaction as a whole. So a reader may see one item of a
TransactWriteItems as it is after it, and another as it was before.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from chalicelib.errors import Conflict
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.engine import Check, Engine, Item, Key, Write
from chalicelib.storage.engine_wrapper import EngineWrapper

#: Seconds: the longest time between the first item of a commit that readers see and the last one.
LONGEST = 0.005


class TornEngine(EngineWrapper):
    """Passes everything on to an engine, and shows commits of several items one item after the other.

    The inner engine holds the truth. A commit compares and changes it at one moment; then each item
    becomes visible in random order, within 5 ms, and only then the commit returns. Until then plain
    reads see the item as it was. A transaction that touches an item which isn't visible yet is refused,
    and so is an isolated read of it, as DynamoDB refuses both with TransactionConflict.
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
        """`between`: called instead of a pause, when the first of a commit's items are seen and not all."""
        super().__init__(engine)
        self.between = between
        self.inner = engine
        self._longest = longest
        self._random = random.Random(seed)
        self._guard = threading.RLock()
        #: What readers still see of items that were changed: the item before the change, or None.
        self._before: dict[Key, Item | None] = {}
        #: An item that is seen last of all.
        self.last: Key | None = None

    @property
    def unseen(self) -> frozenset[Key]:
        """Items that were changed and are not seen to be."""
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
        found: dict[Key, Item] = {}
        for key in dict.fromkeys(keys):
            with self._guard:
                item = self._before[key] if key in self._before else self.inner.get([key]).get(key)
            if item is not None:
                found[key] = item
        return found

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        wanted = list(keys)
        with self._guard:
            if any(key in self._before for key in wanted):
                raise Conflict("A transaction is at work on one of these items.")
            return self.inner.get(wanted)

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        with self._guard:
            seen = {item["sk"]: item for item in self.inner.query(pk, prefix)}
            for (its_pk, sk), item in self._before.items():
                if its_pk == pk and sk.startswith(prefix):
                    seen.pop(sk, None)
                    if item is not None:
                        seen[sk] = item
        return iter([seen[sk] for sk in sorted(seen)])

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
