"""Engines for tests: one that breaks at a chosen commit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Literal

from chalicelib.storage.engine import Engine, Write
from chalicelib.storage.engine_wrapper import EngineWrapper


class Crash(BaseException):
    """The process dies here; a BaseException, so that no `except Exception` catches it."""


class FailingEngine(EngineWrapper):
    """Forwards everything to an engine, and crashes before or after its n-th commit.

    After the crash it works again, as a database does for the next process. Commits are counted from 1;
    `commits` is the number of commits that have begun.
    """

    def __init__(self, engine: Engine, fail_at: int, when: Literal["before", "after"] = "before") -> None:
        super().__init__(engine)
        self._fail_at = fail_at
        self._when = when
        self._guard = threading.Lock()
        self.commits = 0

    def commit(self, writes: Sequence[Write]) -> None:
        with self._guard:
            self.commits += 1
            number = self.commits
        if number == self._fail_at and self._when == "before":
            raise Crash(f"before commit {number}")
        self._engine.commit(writes)
        if number == self._fail_at:
            raise Crash(f"after commit {number}")
