"""Reads the log of the run: the latest lines, and its errors in groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chalicelib.ports.run_log import LogLine, RunLog

#: How many of the latest lines are looked at.
MOST_LOOKED_AT: Final = 5_000
MOST_LINES: Final = 200
ERRORS: Final = ("ERROR", "CRITICAL")
WARNINGS: Final = (*ERRORS, "WARNING")


@dataclass(frozen=True, slots=True)
class LogPage:
    """The latest lines of the log that match, newest first."""

    lines: list[LogLine]
    looked_at: int
    is_readable: bool = field(metadata={"help": "Whether this process can read the log."})
    place: str = field(metadata={"help": "Where the log is otherwise: a command."})
    minutes: int | None = field(metadata={"help": "How many of the latest minutes were read; None: all."})
    since: str | None = field(
        metadata={"help": "From when on every line was read; None: from the beginning of the log."}
    )
    is_partial: bool = field(metadata={"help": "Whether there are more lines in this time than were read."})


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors that are one error many times: the same kind, from the same place."""

    title: str
    count: int
    first: str
    last: str
    route: str | None
    participants: list[int] = field(metadata={"help": "The latest participants who met it, at most ten."})
    traceback: str | None


@dataclass(frozen=True, slots=True)
class ErrorGroups:
    """The errors of the latest lines, the latest first."""

    groups: list[ErrorGroup]
    looked_at: int
    is_readable: bool
    minutes: int | None = field(metadata={"help": "How many of the latest minutes were read; None: all."})
    is_partial: bool = field(metadata={"help": "Whether there are more lines in this time than were read."})


def read_log(log: RunLog, text: str = "", level: str = "", minutes: int | None = None) -> LogPage:
    """Return the latest lines that contain a text; `level`: `error`, `warning` or all.

    It reads the log outside of a unit of work: a service that keeps the log may take seconds.
    """
    found = log.latest(MOST_LOOKED_AT, minutes, errors_only=level.lower() == "error")
    levels = {"error": ERRORS, "warning": WARNINGS}.get(level.lower())
    lines = [
        line
        for line in found.lines
        if not _is_of_dashboard(line)
        and (levels is None or line.level in levels)
        and _contains(line, text.casefold())
    ]
    return LogPage(
        lines=lines[:MOST_LINES],
        looked_at=len(found.lines),
        is_readable=log.is_readable,
        place=log.place,
        minutes=minutes or log.usual_minutes,
        since=found.since,
        is_partial=found.is_partial,
    )


def read_errors(log: RunLog, minutes: int | None = None) -> ErrorGroups:
    """Return the errors in groups; like `read_log`, outside of a unit of work."""
    found = log.latest(MOST_LOOKED_AT, minutes, errors_only=True)
    grouped: dict[tuple[str, str | None], list[LogLine]] = {}
    for line in found.lines:
        if line.level in ERRORS:
            grouped.setdefault((_title(line), line.route), []).append(line)
    groups = [_group(title, route, lines) for (title, route), lines in grouped.items()]
    return ErrorGroups(
        groups, len(found.lines), log.is_readable, minutes or log.usual_minutes, found.is_partial
    )


def _is_of_dashboard(line: LogLine) -> bool:
    """Whether a line is about a page of the dashboard that was shown: those would hide the run's own."""
    return line.level not in WARNINGS and (line.route or "").startswith(("/dashboard", "/api/v1"))


def _group(title: str, route: str | None, newest_first: list[LogLine]) -> ErrorGroup:
    return ErrorGroup(
        title=title,
        count=len(newest_first),
        first=newest_first[-1].at,
        last=newest_first[0].at,
        route=route,
        participants=_distinct(line.participant_id for line in newest_first)[:10],
        traceback=newest_first[0].traceback,
    )


def _title(line: LogLine) -> str:
    """Return the error itself, the last line of its traceback, or else the message."""
    last = (line.traceback or "").strip().rpartition("\n")[2].strip()
    return last or line.message


def _distinct(ids: Iterable[int | None]) -> list[int]:
    return list(dict.fromkeys(one for one in ids if one is not None))


def _contains(line: LogLine, text: str) -> bool:
    if not text:
        return True
    shown = (
        line.message,
        line.route or "",
        line.error_code or "",
        line.traceback or "",
        str(line.participant_id),
    )
    return any(text in each.casefold() for each in shown)
