"""Reads the log of a run, newest lines first."""

from __future__ import annotations

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


class RunLog(Protocol):
    """The log of a run."""

    #: Where the log is, for people, when `is_readable` is false.
    place: str
    is_readable: bool

    def latest(self, most: int) -> list[LogLine]:
        """Return up to so many of the latest lines, newest first."""
