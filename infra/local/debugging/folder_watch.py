"""Watches an experiment's folder for changed files, by polling their times.

Polling needs no dependency and works on network drives and in containers; a folder of a thousand files takes
a few milliseconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

#: Folders that hold no part of an experiment.
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
#: Files that editors and runs leave beside an experiment's own.
_PASSING = ("~", ".swp", ".tmp", ".pyc", ".log", ".sqlite", ".sqlite-wal", ".sqlite-shm")
#: A poll may take at most this share of the time, so that a large folder doesn't slow requests.
_SHARE = 0.05

Times = dict[Path, tuple[int, int]]


class FolderWatch:
    """Finds what has changed since the last time."""

    def __init__(
        self,
        folder: Path,
        left_out: tuple[Path, ...] = (),
        clock: Callable[[], float] = time.monotonic,
        more: Callable[[], Iterable[Path]] = tuple,
    ) -> None:
        """`left_out`: folders to leave out, such as those of runs; `more`: returns files outside of it."""
        self._folder = folder
        self._left_out = frozenset(left_out)
        self._clock = clock
        self._more = more
        self._known = self._seen = self._times()
        self._not_before = 0.0

    def changed(self) -> frozenset[Path]:
        """Return the files that were written, added or removed, once no more are being written.

        An editor writes a file in several steps: a change counts when the next call finds nothing newer.
        """
        began = self._clock()
        if began < self._not_before:
            return frozenset()
        times = self._times()
        self._not_before = began + (self._clock() - began) / _SHARE
        is_settled, self._seen = times == self._seen, times
        if not is_settled or times == self._known:
            return frozenset()
        before, self._known = self._known, times
        return frozenset(path for path in before.keys() | times.keys() if before.get(path) != times.get(path))

    def _times(self) -> Times:
        times: Times = {}
        for path in {*self._files(), *self._more()}:
            try:
                stat = path.stat()
            except OSError:
                # It was removed meanwhile; the next call finds it missing.
                continue
            times[path] = (stat.st_mtime_ns, stat.st_size)
        return times

    def _files(self) -> Iterator[Path]:
        for root, folders, names in os.walk(self._folder):
            inside = Path(root)
            folders[:] = [name for name in folders if self._is_watched(inside / name)]
            yield from (
                inside / name for name in names if not name.startswith(".") and not name.endswith(_PASSING)
            )

    def _is_watched(self, folder: Path) -> bool:
        is_hidden = folder.name.startswith(".") or folder.name in _LEFT_OUT
        return not is_hidden and folder not in self._left_out and not (folder / "pyvenv.cfg").exists()
