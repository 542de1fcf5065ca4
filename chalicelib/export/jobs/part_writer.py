"""Writes the parts of exports, and composes the zip from what they have written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final

from chalicelib.export.data_errors import DataError
from chalicelib.model.record import iso
from chalicelib.operations.shared.absent_services import NoFiles
from chalicelib.ports import Clock, FileStore
from chalicelib.ports.exports import ExportFiles, ExportOptions, ExportPart
from chalicelib.storage.engine import Engine

from .export_state import ExportState
from .export_steps import STEPS
from .part import PartInProgress, PartLimits
from .pieces import PieceStore
from .run_facts import RunFacts
from .upload_entries import LISTED, listed, upload_entries
from .zip_layout import ZipEntry, zip_of

#: The last step, which no part shares.
_COMPOSE: Final = len(STEPS)
DEFAULT_LIMITS: Final = PartLimits()


class PartWriter:
    """Writes exports of one run, in the thread that asks for them."""

    def __init__(
        self,
        engine: Engine,
        files: ExportFiles,
        facts: RunFacts,
        clock: Clock,
        limits: PartLimits = DEFAULT_LIMITS,
        *,
        uploads: FileStore | None = None,
    ) -> None:
        """Keep what exports are written from, and where.

        `engine`: is only read; `files`: the store of exports; `facts`: what else an export tells; `uploads`:
        the store of the files that participants uploaded.
        """
        self._uploads = NoFiles() if uploads is None else uploads
        self._engine = engine
        self._files = files
        self._facts = facts
        self._clock = clock
        self._limits = limits

    def write_part(
        self, export_id: str, options: ExportOptions, state: Mapping[str, Any] | None
    ) -> ExportPart:
        """Write the next part."""
        current = ExportState.read(state)
        current.part += 1
        if state is None:
            current.exported = iso(self._clock.now())
        store = PieceStore(self._files, export_id)
        if current.step >= _COMPOSE:
            return self._compose(store, current)
        part = PartInProgress(self._engine, store, self._facts, options, current, self._uploads)
        part.limits = self._limits
        _take_steps(part)
        return ExportPart(current.as_json(), current.rows, _finished(current), _last_file(current))

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a finished export."""
        return self._files.link(export_id, name, download_name)

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the finished one with the name `keep`."""
        self._files.remove(export_id, keep)

    def _compose(self, store: PieceStore, state: ExportState) -> ExportPart:
        """Write the zip from the pieces, which are compressed already."""
        uploads = [each for each in listed(store, state) if not each.get("is_missing")]
        size = sum(state.entries[entry].packed for _, entry in state.layout)
        size += sum(each["size"] for each in uploads)
        if size > self._limits.zip_size:
            most = self._limits.zip_size / 2**30
            raise DataError(
                f"The export would have {size / 2**30:.1f} GB, and an export job writes {most:.1f} GB at "
                "most. Use the command petri export instead."
            )
        moment = datetime.fromisoformat(state.exported)
        name = f"{store.new_name(state.part)}.zip"
        entries = chain(_zip_entries(store, state), upload_entries(store, state, self._uploads))
        counted = _Counted(zip_of(entries, moment))
        store.put(name, counted)
        tables = {
            entry.removeprefix("data/").removesuffix(".csv"): state.entries[entry].lines - 1
            for _, entry in state.layout
            if entry.endswith(".csv")
        }
        return ExportPart(
            state=state.as_json(),
            rows=state.rows,
            files=len(state.layout) + len(uploads),
            file="",
            name=name,
            size=counted.size,
            sha256=counted.sha256,
            tables=tables,
        )


def _take_steps(part: PartInProgress) -> None:
    """Take steps until the part is full; the first of a part is taken in any case."""
    state = part.state
    is_first = True
    while state.step < _COMPOSE:
        step, is_whole = STEPS[state.step]
        if not is_first and (part.is_full or (is_whole and part.has_begun)):
            break
        is_first = False
        if not step(part):
            break
        state.step, state.position = state.step + 1, None
    part.end()


def _finished(state: ExportState) -> int:
    return sum(entry.is_complete for name, entry in state.entries.items() if name != LISTED)


def _last_file(state: ExportState) -> str:
    open_entries = [name for name, entry in state.entries.items() if not entry.is_complete]
    return open_entries[-1] if open_entries else ""


def _zip_entries(store: PieceStore, state: ExportState) -> Iterator[ZipEntry]:
    for name, entry_name in state.layout:
        entry = state.entries[entry_name]
        yield ZipEntry(name, entry.crc, entry.size, entry.packed, store.packed(entry))


class _Counted:
    """Bytes that are counted, and their SHA-256 made, as they pass."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            self._digest.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
