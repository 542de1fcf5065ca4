"""Reads the log file of a local run from its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from chalicelib.messaging.log_lines import read_log_line
from chalicelib.ports.run_log import LogLine, LogReading

#: How many bytes are read at once, and at most.
_CHUNK: Final = 64 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024
#: What the lines of errors contain.
_ERRORS: Final = (b'"ERROR"', b'"CRITICAL"')
#: Of the other lines, each of so many is parsed too, to end at those that are too old.
_LOOKS_AT_TIME: Final = 200


class RunLogFile:
    """The log of a run that this machine serves: structured lines in a file."""

    is_readable = True
    usual_minutes: int | None = None

    def __init__(self, path: Path) -> None:
        """`path`: the file, which may not exist yet."""
        self._path = path
        self.place = path.name

    def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
        """Return up to so many of the latest lines; a long log is read only at its end."""
        if not self._path.exists():
            return LogReading()
        start = None if minutes is None else datetime.now(UTC) - timedelta(minutes=minutes)
        found: list[LogLine] = []
        reader = _LinesFromTheEnd(self._path)
        for number, raw in enumerate(reader, start=1):
            # Most lines aren't errors, and parsing all of them takes longer than all else on a page.
            if errors_only and number % _LOOKS_AT_TIME and not any(level in raw for level in _ERRORS):
                continue
            line = read_log_line(raw)
            if line is None:
                continue
            if start is not None and line.at and datetime.fromisoformat(line.at) < start:
                return LogReading(found, start.isoformat())
            if len(found) == most:
                return LogReading(found, found[-1].at, is_partial=True)
            found.append(line)
        since = found[-1].at if found and reader.is_partial else None
        return LogReading(found, since, reader.is_partial)


class _LinesFromTheEnd:
    """The lines of a file from its end; `is_partial` when the beginning of a long file was left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_partial = False

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            end = file.seek(0, 2)
            least, rest = max(0, end - _MOST_BYTES), b""
            while end > least:
                start = max(least, end - _CHUNK)
                file.seek(start)
                block = file.read(end - start) + rest
                rest, *lines = block.split(b"\n")
                yield from reversed(lines)
                end = start
            self.is_partial = least > 0
            if rest and least == 0:
                yield rest
