"""Carries messages to the workers, and switches the schedule that starts each tick."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.immutable import immutable
from chalicelib.model.keys import Key

#: The first half of the key of a transient message, which is not recorded.
TRANSIENT = "nudge"
#: The longest delay that a queue accepts (SQS's limit); messages due later wait where they are recorded.
MAX_QUEUE_DELAY = timedelta(seconds=900)


@immutable()
class Message:
    """Work to do after a commit, recorded in that commit under `key`."""

    key: Key
    #: The form in which it is stored and queued; `chalicelib.messages.from_body` parses it.
    body: dict[str, Any]
    #: When to handle it at the earliest; None for at once.
    due: datetime | None = None
    #: Until when it counts as sent to the queue; None when it has not been sent.
    in_flight_until: datetime | None = None


class Queue(Protocol):
    """Delivers messages to the workers, at least once each.

    Real-time messages have a lane of their own: each message class in `chalicelib/messages/` names its lane.
    """

    #: Whether it lists its pending messages and drops duplicates; if not, the sender counts its retries.
    tracks_pending: bool

    def send(self, *messages: Message) -> None:
        """Send messages; workers handle them after this request, and not before they are due.

        The queue may skip messages due later than MAX_QUEUE_DELAY: they stay recorded, and the sweep of a
        later tick sends them. Transient messages of one name that arrive in a burst are merged into a few.
        Raises Unsent, after sending the rest, with the messages that couldn't be sent.
        """

    def retry_later(self, receipt: str, tries: int, source: str = "") -> None:
        """Retry a failed message with backoff.

        `receipt` and `source` (the ARN of a queue) are those of the delivery that failed.
        """


class TickSchedule(Protocol):
    """Starts a tick each minute while it is enabled."""

    def enable(self) -> None:
        """Start ticks; does nothing when enabled already. Raises VendorError when the call fails."""

    def disable(self) -> None:
        """Stop ticks; does nothing when disabled already. Raises VendorError when the call fails."""
