"""The in-process twin of SQS: messages wait in memory; what a crash loses, the sweep finds again."""

from __future__ import annotations

import json
from collections import deque
from typing import Any
from uuid import uuid4

from chalicelib.ports import Message


class LocalQueue:
    """Holds messages until the local host hands them to the consumer, in the order of their sending."""

    def __init__(self) -> None:
        """Begin empty."""
        self._waiting: deque[Message] = deque()

    def send(self, message: Message) -> None:
        """Take one message."""
        self._waiting.append(message)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Message | None:
        """Return the oldest message, or None."""
        return self._waiting.popleft() if self._waiting else None

    @staticmethod
    def as_event(message: Message) -> dict[str, Any]:
        """Dress a message as the event that SQS sends to Lambda."""
        body = json.dumps({"key": list(message.key), "body": message.body})
        record = {
            "messageId": str(uuid4()),
            "receiptHandle": "local",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:local:000000000000:petri-events",
            "awsRegion": "local",
        }
        return {"Records": [record]}
