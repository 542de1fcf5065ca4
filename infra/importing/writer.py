"""Writes many new items to an empty store, in commits of the engine's maximum size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from chalicelib.storage.engine import Engine, Item, Put

#: Items in one commit, if the engine allows more.
AT_ONCE: Final = 500


class Writer:
    """Collects items and commits them; `finish` commits the rest."""

    def __init__(self, engine: Engine) -> None:
        """Write to an engine."""
        self._engine = engine
        self._most = min(AT_ONCE, engine.max_writes)
        self._waiting: list[Put] = []
        self._bytes = 0

    def put(self, *items: Item) -> None:
        """Add new items to a buffered commit."""
        for item in items:
            size = len(json.dumps(item))
            if self._waiting and (
                len(self._waiting) >= self._most or self._bytes + size > self._engine.max_bytes
            ):
                self.finish()
            self._waiting.append(Put(item))
            self._bytes += size

    def put_all(self, items: Iterable[Item]) -> None:
        """Add many new items to buffered commits."""
        for item in items:
            self.put(item)

    def finish(self) -> None:
        """Write the items that are still buffered."""
        if self._waiting:
            self._engine.commit(self._waiting)
        self._waiting = []
        self._bytes = 0
