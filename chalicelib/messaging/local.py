"""The in-process twin of SQS: messages wait in memory; what a crash loses, the sweep finds again."""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from chalicelib.ports import Clock, Message

#: How long a message that failed waits before it comes again, in seconds; it doubles with each try.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 600.0


class LocalQueue:
    """Holds messages until the local host hands them to the consumer: due ones in the order of sending."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin empty; `clock` says what is due (the machine's, by default)."""
        self._clock = clock
        self._waiting: deque[Message] = deque()
        self._later: list[tuple[datetime, int, Message]] = []
        self._number = itertools.count()
        self._known: set[tuple[str, str]] = set()
        self._tries: Counter[tuple[str, str]] = Counter()

    def send(self, message: Message) -> None:
        """Take one message; one that waits here already is not taken twice."""
        if message.key in self._known:
            return
        self._known.add(message.key)
        if message.due is not None and message.due > self._now():
            heapq.heappush(self._later, (message.due, next(self._number), message))
        else:
            self._waiting.append(message)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._later)

    def take(self) -> Message | None:
        """Return the oldest message that is due, or None."""
        while self._later and self._later[0][0] <= self._now():
            self._waiting.append(heapq.heappop(self._later)[2])
        if not self._waiting:
            return None
        message = self._waiting.popleft()
        self._known.discard(message.key)
        self._tries[message.key] += 1
        return message

    def done(self, message: Message) -> None:
        """Forget how often a message was tried."""
        self._tries.pop(message.key, None)

    def failed(self, message: Message) -> None:
        """Take a message back that couldn't be handled; it comes again, later each time."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._tries[message.key] - 1))
        self.send(replace(message, due=self._now() + timedelta(seconds=pause)))

    @property
    def next_due(self) -> datetime | None:
        """When the next message that isn't due yet will be; None when there is none."""
        return self._later[0][0] if self._later else None

    def _now(self) -> datetime:
        return datetime.now(UTC) if self._clock is None else self._clock.now()

    def tries(self, message: Message) -> int:
        """How often a message was handed out."""
        return self._tries[message.key]

    @staticmethod
    def as_event(message: Message, tries: int = 1) -> dict[str, Any]:
        """Dress a message as the event that SQS sends to Lambda."""
        body = json.dumps({"key": list(message.key), "body": message.body})
        record = {
            "messageId": str(uuid4()),
            "receiptHandle": "local",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(tries)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:local:000000000000:petri-events",
            "awsRegion": "local",
        }
        return {"Records": [record]}
