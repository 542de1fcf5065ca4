"""Delivers events as signed SNS envelopes, with the delivery faults that a test plans."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import requests

from .signing import Signer
from .things import HandClock

TOPIC = "arn:aws:sns:us-east-1:123456789012:petri-events"


class EventDelivery:
    """Queues notifications until they are delivered."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self._numbers = 0
        self._late: list[str] = []
        #: Undelivered envelopes, in the order of their events.
        self.waiting: deque[str] = deque()
        self.signer: Signer | None = None
        self.signature_version = "1"

    def report(self, topic: str, event: dict[str, Any]) -> None:
        message = {
            "EventDocId": f"doc-{self._numbers + 1}",
            "EventDocVersion": "2014-08-15",
            "CustomerId": "A1REQUESTER",
            "Events": [event],
        }
        self.waiting.append(self.envelope("Notification", topic, json.dumps(message)))

    def envelope(self, kind: str, topic: str, message: str, **fields: str) -> str:
        """Write a message as SNS sends it; signed when there is a signer."""
        self._numbers += 1
        fields = {
            "Type": kind,
            "MessageId": f"00000000-0000-0000-0000-{self._numbers:012d}",
            "TopicArn": topic,
            "Message": message,
            "Timestamp": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            **fields,
        }
        if self.signer is not None:
            fields = self.signer.signed(fields, self.signature_version)
        return json.dumps(fields)

    # -- faults -------------------------------------------------------------------------------

    def lose(self, index: int = 0) -> None:
        """Lose one envelope."""
        del self.waiting[index]

    def double(self, index: int = 0) -> None:
        """Deliver one envelope twice."""
        self.waiting.append(self.waiting[index])

    def delay(self, index: int = 0) -> None:
        """Delay one envelope to the delivery after the next."""
        self._late.append(self.waiting[index])
        del self.waiting[index]

    def shuffle(self, chance: random.Random) -> None:
        """Deliver the envelopes in random order."""
        mixed = list(self.waiting)
        chance.shuffle(mixed)
        self.waiting = deque(mixed)

    # -- delivery -------------------------------------------------------------------------------

    def deliver(self, to: Callable[[str], object]) -> int:
        """Deliver all queued envelopes, and return how many there were."""
        count = len(self.waiting)
        for _ in range(count):
            to(self.waiting.popleft())
        self.waiting.extend(self._late)
        self._late = []
        return count


def posting_to(url: str) -> Callable[[str], object]:
    """Deliver over HTTP, as SNS does to an https subscriber."""

    def post(envelope: str) -> None:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": json.loads(envelope)["Type"],
        }
        requests.post(url, data=envelope.encode(), headers=headers, timeout=10).raise_for_status()

    return post
