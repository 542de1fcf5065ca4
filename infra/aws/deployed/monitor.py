"""Reads the logs and the status of a deployed app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.errors import BadRequest
from chalicelib.model.record import iso
from chalicelib.study.study_session import count_visits
from infra.aws.account import steps
from infra.aws.account.aws_errors import is_gone
from infra.aws.account.names import API, FUNCTIONS, Names
from infra.aws.account.session import Account

from .releases import Release, served_release
from .run_session import opened

#: Seconds between two polls of the logs.
LOOK_EVERY: Final = 2.0
#: How far back each poll reads, since CloudWatch may show a line late; ids filter duplicates.
_LATE: Final = timedelta(seconds=30)


@dataclass(frozen=True, order=True)
class LogEntry:
    """One line of a log."""

    at: datetime
    id: str
    function: str
    text: str


@dataclass(frozen=True)
class AppStatus:
    """An app's status at one moment."""

    at: datetime
    statuses: dict[str, int]
    waiting: int
    under_way: int
    dead: int
    alarms: tuple[str, ...]
    #: How many of the waiting messages are real-time messages.
    realtime: int = 0
    #: The release that is served.
    release: Release | None = None
    #: For each later session of a study its name and how many visits there are by status.
    sessions: tuple[dict[str, Any], ...] = ()

    def __str__(self) -> str:
        people = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items()))
        alarms = ", ".join(self.alarms) or "none"
        return (
            f"{self.at:%H:%M:%S} participants: {people or 'none'}{self._sessions()} "
            f"| messages: {self.waiting} waiting ({self.realtime} real-time), {self.under_way} under way, "
            f"{self.dead} dead | alarms: {alarms} | release: {self.release or 'none recorded'}"
        )

    def _sessions(self) -> str:
        """Return the counts of each later session, behind those of participants."""
        counts = [
            (one["name"], ", ".join(f"{count} {status}" for status, count in one.items() if status != "name"))
            for one in self.sessions
        ]
        return "".join(f" | session {name}: {found}" for name, found in counts)

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "at": iso(self.at),
            "participants": self.statuses,
            **({"sessions": list(self.sessions)} if self.sessions else {}),
            "messages": {
                "waiting": self.waiting,
                "realtime": self.realtime,
                "under_way": self.under_way,
                "dead": self.dead,
            },
            "alarms": list(self.alarms),
            "release": None if self.release is None else self.release.summary(),
        }


class Logs:
    """The logs of an app's functions."""

    def __init__(self, account: Account, names: Names, functions: Sequence[str] = FUNCTIONS) -> None:
        """`functions`: those whose logs to read, by Petri's names."""
        self._logs = account.client("logs")
        self._groups = {function: names.log_group(function) for function in functions}

    def read(self, since: datetime, pattern: str = "") -> list[LogEntry]:
        """Return the lines since a moment, in order; none for a function that hasn't logged."""
        lines: list[LogEntry] = []
        for function, group in self._groups.items():
            lines += self._of(function, group, since, pattern)
        return sorted(lines)

    def follow(self, since: datetime, pattern: str = "") -> Iterator[LogEntry]:
        """Yield new lines, each once, until the caller stops."""
        seen: dict[str, datetime] = {}
        while True:
            for line in self.read(since, pattern):
                if line.id not in seen:
                    seen[line.id] = line.at
                    yield line
            newest = max(seen.values(), default=since)
            since = max(since, newest - _LATE)
            seen = {id_: at for id_, at in seen.items() if at >= since}
            steps.pause(LOOK_EVERY)

    def _of(self, function: str, group: str, since: datetime, pattern: str) -> Iterator[LogEntry]:
        query: dict[str, Any] = {"logGroupName": group, "startTime": int(since.timestamp() * 1000)}
        if pattern:
            query["filterPattern"] = pattern
        try:
            for page in self._logs.get_paginator("filter_log_events").paginate(**query):
                for event in page["events"]:
                    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    yield LogEntry(at, str(event["eventId"]), function, str(event["message"]).rstrip())
        except ClientError as error:
            if not is_gone(error):
                raise


def functions_of(given: Sequence[str]) -> Sequence[str]:
    """Return the named functions, by default all: `api` is the one that handles HTTP requests."""
    known = {("api" if name == API else name): name for name in FUNCTIONS}
    strange = [name for name in given if name not in known]
    if strange:
        raise BadRequest(f"There is no function {strange[0]!r}; use {', '.join(known)}.")
    return [known[name] for name in given] or FUNCTIONS


def app_status(account: Account, names: Names) -> AppStatus:
    """Query an app's status."""
    with opened(account, names, here=True) as office:
        statuses: dict[str, int] = office.app.run(lambda ctx: dict(ctx.uow.statuses()))
        sessions = tuple(office.app.run(lambda ctx: count_visits(ctx.uow)))
    work, realtime = depth(account, names.queue), depth(account, names.realtime_queue)
    dead, _ = depth(account, names.dead_queue)
    found = account.client("cloudwatch").describe_alarms(AlarmNamePrefix=names.prefix, StateValue="ALARM")
    alarms = tuple(str(alarm["AlarmName"]) for alarm in found["MetricAlarms"])
    waiting, under_way = work[0] + realtime[0], work[1] + realtime[1]
    release = served_release(account, names)
    return AppStatus(
        datetime.now(UTC), statuses, waiting, under_way, dead, alarms, realtime[0], release, sessions
    )


def depth(account: Account, queue: str) -> tuple[int, int]:
    """Return how many messages wait in a queue, and how many are being handled; 0 for a missing queue."""
    sqs = account.client("sqs")
    try:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    except ClientError as error:
        if is_gone(error):
            return 0, 0
        raise
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return int(attributes[wanted[0]]), int(attributes[wanted[1]])
