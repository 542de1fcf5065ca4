"""Defines the in-process twins of SQS and of the clock's schedule.

Messages wait in memory; the sweep resends those that a crash loses.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chalicelib.messages import Lane, lane_of
from chalicelib.ports import Clock, Message

from .message_format import encode_message
from .retry_backoff import backoff_seconds

#: After this number of real-time messages in a row, one of the work lane is delivered, so that timers that
#: set the next timer don't delay payments forever.
MOST_IN_A_ROW = 20


class LocalQueue:
    """Holds messages until the local host delivers them to the consumer.

    Real-time messages are delivered first; within a lane, due messages in the order of sending.
    """

    #: This process sees all messages, and no other process receives any.
    tracks_pending = True

    def __init__(self, clock: Clock | None = None) -> None:
        """`clock` decides which messages are due; the machine's by default."""
        self._clock = clock
        self._waiting: dict[Lane, deque[Message]] = {lane: deque() for lane in Lane}
        #: How many real-time messages in a row were delivered while others waited.
        self._in_a_row = 0
        self._later: list[tuple[datetime, int, Message]] = []
        self._number = itertools.count()
        self._known: set[tuple[str, str]] = set()
        self._tries: Counter[tuple[str, str]] = Counter()

    def send(self, *messages: Message) -> None:
        """Enqueue messages; one that is already queued isn't added twice."""
        for message in messages:
            self._take_in(message)

    def _take_in(self, message: Message) -> None:
        if message.key in self._known:
            return
        self._known.add(message.key)
        if message.due is not None and message.due > self._now():
            heapq.heappush(self._later, (message.due, next(self._number), message))
        else:
            self._wait(message)

    def _wait(self, message: Message) -> None:
        self._waiting[lane_of(message.body)].append(message)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values())) + len(self._later)

    def take(self) -> Message | None:
        """Return the oldest real-time message that is due; else the oldest of the others, or None."""
        while self._later and self._later[0][0] <= self._now():
            self._wait(heapq.heappop(self._later)[2])
        lane = self._next_lane()
        if lane is None:
            return None
        message = self._waiting[lane].popleft()
        self._known.discard(message.key)
        self._tries[message.key] += 1
        return message

    def _next_lane(self) -> Lane | None:
        work, realtime = self._waiting[Lane.WORK], self._waiting[Lane.REALTIME]
        if work and realtime and self._in_a_row < MOST_IN_A_ROW:
            self._in_a_row += 1
            return Lane.REALTIME
        self._in_a_row = 0
        if work:
            return Lane.WORK
        return Lane.REALTIME if realtime else None

    def done(self, message: Message) -> None:
        """Delete the count of a message's attempts."""
        self._tries.pop(message.key, None)

    def failed(self, message: Message) -> None:
        """Return a message that couldn't be handled to the queue, with backoff."""
        pause = backoff_seconds(self._tries[message.key])
        self.send(replace(message, due=self._now() + timedelta(seconds=pause)))

    def retry_later(self, receipt: str, tries: int, source: str = "") -> None:
        """Do nothing: the host returns a failed message with `failed`."""

    @property
    def next_due(self) -> datetime | None:
        """When the next message that isn't due yet will be; None when there is none."""
        return self._later[0][0] if self._later else None

    def _now(self) -> datetime:
        return datetime.now(UTC) if self._clock is None else self._clock.now()

    def tries(self, message: Message) -> int:
        """The number of deliveries of a message."""
        return self._tries[message.key]

    @staticmethod
    def as_event(message: Message, tries: int = 1) -> dict[str, Any]:
        """Return a message as the event that SQS sends to Lambda."""
        record = {
            "messageId": str(uuid4()),
            "receiptHandle": "local",
            "body": encode_message(message),
            "attributes": {"ApproximateReceiveCount": str(tries)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:local:000000000000:petri-events",
            "awsRegion": "local",
        }
        return {"Records": [record]}


class LocalSchedule:
    """Records for the local host whether the clock is enabled."""

    def __init__(self) -> None:
        """Begin enabled, like a rule that was just deployed."""
        self.is_on = True

    def enable(self) -> None:
        """Enable the clock."""
        self.is_on = True

    def disable(self) -> None:
        """Disable the clock."""
        self.is_on = False
