"""One part of an export: what it has written so far, and how much more it may write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.export.rows import ids_stored, participants_stored
from chalicelib.export.scrub import Scrubber
from chalicelib.invocation import seconds_left
from chalicelib.ports import FileStore
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.engine import Engine

from .export_state import Entry, ExportState
from .pieces import PieceStore, PieceWriter
from .run_facts import RunFacts


@dataclass(frozen=True)
class PartLimits:
    """After how much a part ends. A worker has 120 seconds, and 512 MB for files."""

    seconds: float = 40.0
    size: int = 64 << 20
    #: Seconds that a worker needs after its part, for its commit.
    margin: float = 20.0
    #: The largest zip, compressed: composing it has to fit into one part.
    zip_size: int = 2 << 30


class PartInProgress:
    """What the steps of one part work with."""

    def __init__(
        self,
        engine: Engine,
        store: PieceStore,
        facts: RunFacts,
        options: ExportOptions,
        state: ExportState,
        uploads: FileStore,
    ) -> None:
        """`state` is changed as the part goes on; `uploads`: keeps the files of participants."""
        self.uploads = uploads
        self.engine = engine
        self.store = store
        self.facts = facts
        self.options = options
        self.state = state
        self.limits = PartLimits()
        self._began = time.monotonic()
        self._size = 0
        self._writer: PieceWriter | None = None
        self._entry = ""

    @cached_property
    def scrubber(self) -> Scrubber | None:
        """What removes ids of people; None for an export that keeps them. Reads all participants."""
        if self.options.unscrubbed:
            return None
        return Scrubber(participants_stored(self.engine), ids_stored(self.engine))

    @property
    def is_full(self) -> bool:
        """Whether the part has to end."""
        passed = time.monotonic() - self._began
        size = self._size + (0 if self._writer is None else self._writer.size)
        is_late = passed >= self.limits.seconds or seconds_left() < self.limits.margin
        return is_late or size >= self.limits.size

    @property
    def has_begun(self) -> bool:
        """Whether the part has written anything."""
        return self._size > 0 or self._writer is not None

    def write(self, name: str, texts: Iterable[str]) -> None:
        """Write lines of an entry; the one before it has to be complete."""
        self._writer_of(name).write(texts)

    def write_whole(self, name: str, data: bytes) -> None:
        """Write an entry at once."""
        self._writer_of(name).write_bytes(data)
        self.finish_entry()

    def finish_entry(self) -> None:
        """End the entry that is being written."""
        self._store_piece(is_last=True)

    def end(self) -> None:
        """Store what is written; the next part continues the entry."""
        self._store_piece(is_last=False)

    def drop(self, name: str) -> None:
        """Leave an entry out."""
        if self._entry == name:
            self._writer = None
        self.state.entries.pop(name, None)

    def write_lines(
        self,
        name: str,
        found: Callable[[list[Any] | None], Iterable[tuple[list[Any], Iterable[str]]]],
        header: str | None = None,
    ) -> bool:
        """Write the lines of an entry from the state's position on; return whether it is complete.

        `found`: returns lines behind a position, each some with the position behind them.
        """
        if header is not None and self.state.position is None:
            self.write(name, [header])
        for position, texts in found(self.state.position):
            self.write(name, texts)
            self.state.position = position
            if self.is_full:
                return False
        self._writer_of(name)
        self.finish_entry()
        return True

    def _writer_of(self, name: str) -> PieceWriter:
        if self._writer is None:
            entry = self.state.entries.setdefault(name, Entry())
            self._writer, self._entry = PieceWriter(self.store, entry, self.state.part), name
        return self._writer

    def _store_piece(self, *, is_last: bool) -> None:
        if self._writer is not None:
            self._writer.finish(is_last=is_last)
            self._size += self._writer.size
            self._writer = None
