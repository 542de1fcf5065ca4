"""Reads the logs of a deployed app's functions from CloudWatch.

Source: "FilterLogEvents" in Amazon CloudWatch Logs' API reference: events come oldest first, a page may be
empty although more follow, and reading costs nothing, but an account may ask only a few times a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import VendorError, VendorRefused, VendorUnreachable
from chalicelib.ports import Clock
from chalicelib.ports.run_log import LogLine, LogReading

from .log_lines import read_lambda_line

#: How many minutes are read at first: mostly the lines that are shown are among them.
RECENT_MINUTES: Final = 5
#: How many seconds are read of a run that writes too many lines in these minutes.
BUSY_SECONDS: Final = 15
#: Seconds that reading a time may take, of which a page reads three: API Gateway waits for 29.
LONGEST: Final = 5.0
#: Seconds for which a reading is kept.
KEPT_SECONDS: Final = 10.0
#: How many pages of one function's log are read at most; a page has up to 10,000 lines or a megabyte.
MOST_PAGES: Final = 10
#: The lines that the app's alarms count.
ERRORS: Final = '?ERROR ?CRITICAL ?"Task timed out" ?"Runtime exited"'
_THROTTLED: Final = frozenset({"ThrottlingException", "Throttling", "LimitExceededException"})
_ABSENT: Final = "ResourceNotFoundException"


class CloudWatchLog:
    """The logs of an app's functions, as one log."""

    is_readable = True
    usual_minutes: int | None = 60

    def __init__(
        self,
        groups: Mapping[str, str],
        client: Callable[[], Any],
        clock: Clock,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`groups`: the log group of each function, by the function's name for people."""
        self.place = "petri logs"
        self._groups = groups
        self._client = client
        self._clock = clock
        self._seconds = seconds
        self._kept: dict[tuple[int, int, bool], tuple[float, LogReading]] = {}
        self._guard = threading.Lock()

    def latest(self, most: int, minutes: int | None = None, *, errors_only: bool = False) -> LogReading:
        """Return the latest lines; a reading is kept for some seconds, and shared by pages and dashboards."""
        wanted = (most, minutes or self.usual_minutes or RECENT_MINUTES, errors_only)
        with self._guard:
            until, kept = self._kept.get(wanted, (0.0, None))
            if kept is None or self._seconds() >= until:
                kept = self._read(*wanted)
                self._kept = {wanted: (self._seconds() + KEPT_SECONDS, kept), **self._unexpired()}
            return kept

    def _unexpired(self) -> dict[tuple[int, int, bool], tuple[float, LogReading]]:
        now = self._seconds()
        return {wanted: kept for wanted, kept in self._kept.items() if kept[0] > now}

    def _read(self, most: int, minutes: int, errors_only: bool) -> LogReading:
        until = self._clock.now()
        start = until - timedelta(minutes=minutes)
        return self._errors(most, start, until) if errors_only else self._lines(most, start, until)

    def _errors(self, most: int, start: datetime, until: datetime) -> LogReading:
        """Read the errors of the whole time: where they are too many, some are better than none."""
        found, is_complete = self._between(start, until, ERRORS)
        since = start if is_complete else until
        return LogReading(found[:most], since.isoformat(), not is_complete or len(found) > most)

    def _lines(self, most: int, start: datetime, until: datetime) -> LogReading:
        """Read the latest minutes, and the time before them if the latest have too few lines."""
        recent = max(start, until - timedelta(minutes=RECENT_MINUTES))
        lines, is_complete = self._between(recent, until)
        if not is_complete:
            # Pages come oldest first, so the newest lines are missing: read a shorter time.
            recent = max(start, until - timedelta(seconds=BUSY_SECONDS))
            lines, _ = self._between(recent, until)
            return LogReading(lines[:most], recent.isoformat(), is_partial=True)
        if len(lines) < most and recent > start:
            earlier, is_complete = self._between(start, recent)
            if not is_complete:
                return LogReading(lines, recent.isoformat(), is_partial=True)
            lines, recent = lines + earlier, start
        if len(lines) > most or recent > start:
            return LogReading(lines[:most], lines[:most][-1].at, is_partial=True)
        return LogReading(lines, start.isoformat())

    def _between(self, since: datetime, end: datetime, pattern: str = "") -> tuple[list[LogLine], bool]:
        """Return the lines of a time, newest first, and whether these are all."""
        deadline = self._seconds() + LONGEST
        lines: list[LogLine] = []
        is_complete = True
        for function, group in self._groups.items():
            for number, page in enumerate(self._pages(group, since, end, pattern), 1):
                lines += _parsed(page, function)
                has_time = number < MOST_PAGES and self._seconds() < deadline
                if page.get("nextToken") and not has_time:
                    is_complete = False
                    break
        return sorted(lines, key=lambda line: line.at, reverse=True), is_complete

    def _pages(self, group: str, since: datetime, end: datetime, pattern: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "logGroupName": group,
            "startTime": _milliseconds(since),
            "endTime": _milliseconds(end) - 1,
        }
        if pattern:
            query["filterPattern"] = pattern
        while True:
            try:
                page: dict[str, Any] = self._client().filter_log_events(**query)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == _ABSENT:
                    return
                raise _translated(error) from error
            except BotoCoreError as error:
                raise VendorUnreachable(
                    "CloudWatch, which keeps the log, didn't answer. Nothing is lost; look again in a minute."
                ) from error
            yield page
            if not page.get("nextToken"):
                return
            query["nextToken"] = page["nextToken"]


def _parsed(page: Mapping[str, Any], function: str) -> Iterator[LogLine]:
    for event in page.get("events", ()):
        at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
        line = read_lambda_line(str(event["message"]), at, function)
        if line is not None:
            yield line


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _translated(error: ClientError) -> VendorError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _THROTTLED:
        return VendorUnreachable(
            "CloudWatch, which keeps the log, was asked too often at a time; it is asked again by itself."
        )
    if "AccessDenied" in code:
        return VendorRefused(
            "This app may not read its own log yet: deploy it again, which gives it the right. Until then, "
            "petri logs shows the log."
        )
    return VendorUnreachable(
        f"CloudWatch, which keeps the log, failed ({code}). Nothing is lost; look again in a minute."
    )
