"""Reads the log of a run, newest lines first."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from chalicelib.immutable import immutable


@immutable()
class LogLine:
    """One line of the log."""

    #: When it was written, as ISO 8601 in UTC.
    at: str
    level: str
    message: str
    route: str | None = None
    participant_id: int | None = None
    error_code: str | None = None
    #: The traceback of an error.
    traceback: str | None = None


@immutable()
class LogReading:
    """What was read of the log."""

    #: The newest first.
    lines: list[LogLine] = field(default_factory=list)
    #: From when on every line was read, as ISO 8601; None: from the beginning of the log.
    since: str | None = None
    #: Whether the log has more lines in the time that was asked for.
    is_partial: bool = False


class RunLog(Protocol):
    """The log of a run. Reading it may take seconds, so it is read outside of any unit of work."""

    #: Where the log is, for people, when `is_readable` is false.
    place: str
    is_readable: bool
    #: How many minutes are read where none are asked for; None: all.
    usual_minutes: int | None

    def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
        """Return up to so many of the latest lines of the latest minutes.

        `errors_only`: only errors are asked for; other lines may be among the result. Raises VendorError when
        the service that keeps the log doesn't answer.
        """
