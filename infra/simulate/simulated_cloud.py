"""Simulates SQS and EventBridge in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from .tally import AwsUsage
from .timeline import Timeline

#: Seconds from sending a message until its function starts.
ON_ITS_WAY = 0.1
#: The default visibility timeout, after which a failed message is delivered again.
VISIBILITY = 180.0
MINUTE = 60.0

Consumer = Callable[[dict[str, Any]], Mapping[str, Sequence[Mapping[str, str]]]]


@dataclass(frozen=True, slots=True)
class _Posted:
    """A message in the queue."""

    id: str
    text: str
    #: Unix time in milliseconds, as in SQS.
    sent: int
    tries: int = 1


class TrialSQS:
    """The methods of the SQS client that the platform uses.

    In simulated time no message waits behind another, so work and real-time messages share one queue.
    """

    def __init__(self, timeline: Timeline, tally: AwsUsage) -> None:
        """Start empty; set `consume` before the first message is due."""
        self._timeline = timeline
        self._tally = tally
        self._numbers = count(1)
        self._pauses: dict[str, float] = {}
        self.consume: Consumer = _leave_all

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - AWS's word
        """Return a queue's address."""
        return {"QueueUrl": QueueName}

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Enqueue messages."""
        del QueueUrl
        self._tally.queue_call(sum(len(entry["MessageBody"].encode()) for entry in Entries))
        for entry in Entries:
            sent = int(self._timeline.now().timestamp() * 1000)
            posted = _Posted(f"{next(self._numbers):036}", str(entry["MessageBody"]), sent)
            self._deliver_in(float(entry.get("DelaySeconds") or 0) + ON_ITS_WAY, posted)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def change_message_visibility(
        self,
        QueueUrl: str,  # noqa: N803 - AWS's word
        ReceiptHandle: str,  # noqa: N803 - the same
        VisibilityTimeout: int,  # noqa: N803 - the same
    ) -> None:
        """Set when a failed message is delivered again."""
        del QueueUrl
        self._tally.queue_call(0)
        self._pauses[ReceiptHandle] = float(VisibilityTimeout)

    def _deliver_in(self, seconds: float, posted: _Posted) -> None:
        self._timeline.after(seconds, lambda: self._deliver(posted))

    def _deliver(self, posted: _Posted) -> None:
        """Deliver one message in its own invocation, as Lambda does under low load."""
        self._tally.queue_call(len(posted.text.encode()))
        if self.consume(_event(posted))["batchItemFailures"]:
            pause = self._pauses.pop(posted.id, VISIBILITY)
            self._deliver_in(pause, replace(posted, tries=posted.tries + 1))
        else:
            self._tally.queue_call(0)


def _event(posted: _Posted) -> dict[str, Any]:
    record = {
        "messageId": posted.id,
        "receiptHandle": posted.id,
        "body": posted.text,
        "attributes": {"ApproximateReceiveCount": str(posted.tries), "SentTimestamp": str(posted.sent)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:preflight",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def _leave_all(event: dict[str, Any]) -> Mapping[str, Sequence[Mapping[str, str]]]:
    return {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one in event["Records"]]}


class TrialSchedule:
    """Calls the clock's function each minute while enabled, as a newly deployed rule does."""

    def __init__(self, timeline: Timeline) -> None:
        """Start enabled; set `on_tick` before the first minute has passed."""
        self._timeline = timeline
        self._is_on = True
        self.on_tick: Callable[[], None] = _nothing
        timeline.after(MINUTE, self._minute_is_over)

    def enable(self) -> None:
        """Enable the schedule."""
        self._is_on = True

    def disable(self) -> None:
        """Disable the schedule."""
        self._is_on = False

    def _minute_is_over(self) -> None:
        if self._is_on:
            self.on_tick()
        self._timeline.after(MINUTE, self._minute_is_over)


def _nothing() -> None:
    """Do nothing."""
