"""Reads the log file of a local run from its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chalicelib.log_redaction import REDACTED_TEXT
from chalicelib.ports.run_log import LogLine

#: How many bytes are read at once, and at most.
_CHUNK: Final = 64 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024


class RunLogFile:
    """The log of a run that this machine serves: structured lines in a file."""

    is_readable = True

    def __init__(self, path: Path) -> None:
        """`path`: the file, which may not exist yet."""
        self._path = path
        self.place = path.name

    def latest(self, most: int) -> list[LogLine]:
        """Return up to so many of the latest lines, newest first; a long log is read only at its end."""
        if not self._path.exists():
            return []
        found: list[LogLine] = []
        for raw in _lines_from_the_end(self._path):
            line = read_log_line(raw)
            if line is not None:
                found.append(line)
            if len(found) >= most:
                break
        return found


def read_log_line(raw: bytes) -> LogLine | None:
    """Parse a structured line; None for any other text, such as the rest of a line that is being written."""
    try:
        fields = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    return LogLine(
        at=_moment(str(fields.get("timestamp", ""))),
        level=str(fields.get("level", "")),
        message=_message(fields),
        route=fields.get("route"),
        participant_id=fields.get("participant_id"),
        error_code=fields.get("error_code"),
        traceback=fields.get("exception"),
    )


def _message(fields: dict[str, Any]) -> str:
    """Return what a line says; of a request its method, route, status and duration."""
    if fields.get("message") in ("request", "refused", "failed") and "route" in fields:
        code = f" {fields['error_code']}" if "error_code" in fields else ""
        return (
            f"{fields.get('method')} {fields['route']} {fields.get('status')}{code} in {fields.get('ms')} ms"
        )
    return str(fields.get(REDACTED_TEXT) or fields.get("message", ""))


def _moment(text: str) -> str:
    """Return the time of a line as ISO 8601: the log writes `2026-03-01 12:00:00,000+0000`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f%z").astimezone(UTC).isoformat()
    except ValueError:
        return ""


def _lines_from_the_end(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        least, rest = max(0, end - _MOST_BYTES), b""
        while end > least:
            start = max(least, end - _CHUNK)
            file.seek(start)
            block = file.read(end - start) + rest
            rest, *lines = block.split(b"\n")
            yield from reversed(lines)
            end = start
        if rest and least == 0:
            yield rest
