"""Writes the parts of exports in a thread of its own, so that no participant waits for them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.ports.exports import ExportOptions, ExportPart, ExportWriter


@dataclass
class _Work:
    """A part, and what became of it."""

    key: tuple[str, int]
    options: ExportOptions
    state: Mapping[str, Any] | None
    written: ExportPart | None = None
    error: Exception | None = None
    is_finished: bool = False


class BackgroundExports:
    """Writes one part at a time; the worker asks for it again until it is written.

    The thread is a daemon: a process that ends loses the part, which the next process writes again.
    """

    def __init__(self, writer: ExportWriter) -> None:
        """`writer`: writes the parts; it reads with an engine of its own."""
        self._writer = writer
        self._work: _Work | None = None

    def write_part(
        self, export_id: str, options: ExportOptions, state: Mapping[str, Any] | None
    ) -> ExportPart | None:
        """Begin a part, or return one that is written; None while this or another one is being written."""
        key = (export_id, 0 if state is None else int(state["part"]))
        work = self._work
        if work is None or (work.is_finished and work.key != key):
            self._work = work = _Work(key, options, state)
            threading.Thread(target=self._carry_out, args=(work,), name="exports", daemon=True).start()
        if work.key != key or not work.is_finished:
            return None
        self._work = None
        if work.error is not None:
            raise work.error
        return work.written

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a finished export."""
        return self._writer.link(export_id, name, download_name)

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the finished one with the name `keep`."""
        self._writer.remove(export_id, keep)

    def _carry_out(self, work: _Work) -> None:
        try:
            work.written = self._writer.write_part(work.key[0], work.options, work.state)
        except Exception as error:  # noqa: BLE001 - the worker that asks for the part gets it
            work.error = error
        work.is_finished = True
