"""Engines for tests: one that breaks at a chosen commit."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from chalicelib.storage.engine import Engine, Item, Key, Write


class Crash(BaseException):
    """The process died here; no `except Exception` of the code under test may catch it."""


class FailingEngine:
    """Passes everything on to an engine, and crashes before or after its n-th commit.

    After the crash it works again, as the database does for the process that comes next. Commits are
    counted from 1; `commits` is how many were begun.
    """

    def __init__(self, engine: Engine, fail_at: int, when: Literal["before", "after"] = "before") -> None:
        self._engine = engine
        self._fail_at = fail_at
        self._when = when
        self._guard = threading.Lock()
        self.commits = 0

    @property
    def max_writes(self) -> int:
        return self._engine.max_writes

    @property
    def max_bytes(self) -> int:
        return self._engine.max_bytes

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return self._engine.get(keys)

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        return self._engine.query(pk, prefix)

    def count(self, pk: str, prefix: str = "") -> int:
        return self._engine.count(pk, prefix)

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        return self._engine.query_each(pks, prefix)

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        return self._engine.count_each(pks, prefix)

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        return self._engine.query_until(pk, last)

    def commit(self, writes: Sequence[Write]) -> None:
        with self._guard:
            self.commits += 1
            number = self.commits
        if number == self._fail_at and self._when == "before":
            raise Crash(f"before commit {number}")
        self._engine.commit(writes)
        if number == self._fail_at:
            raise Crash(f"after commit {number}")

    def increment(self, key: Key, by: int = 1) -> int:
        return self._engine.increment(key, by)

    def close(self) -> None:
        self._engine.close()
