"""Computes how often waiting participants poll: the more of them wait, the less often.

Hundreds of participants polling for a place every second would be hundreds of requests per second, which an
account with ten concurrent functions can't serve; participants with a place would be refused too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.model.statuses import ParticipantStatus
from chalicelib.ports import UnitOfWork

#: The total of requests per second that waiting participants may make.
REQUESTS_PER_SECOND: Final = 20
#: The least and most seconds between two requests of one participant.
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 15.0
#: The same for a page in the waiting room, where a participant who is silent for a minute loses the seat.
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 10.0, 25.0
#: How long a count is cached.
CACHE_LIFETIME: Final = timedelta(seconds=5)


@dataclass(eq=False, repr=False)
class WaitingEstimate:
    """Caches, in one process, how many wait for a place, since a count reads the list of participants."""

    waiting: int = 0
    counted_at: datetime | None = None

    def retry_after_seconds(self, work: UnitOfWork) -> float:
        """Return after how many seconds a participant who waits for a place retries."""
        if self.counted_at is None or abs(work.now - self.counted_at) > CACHE_LIFETIME:
            self.waiting = sum(1 for item in work.active_participants() if _waits(item))
            self.counted_at = work.now
        return min(MAX_RETRY_SECONDS, max(MIN_RETRY_SECONDS, self.waiting / REQUESTS_PER_SECOND))


def poll_interval(people: int) -> float:
    """Return after how many seconds a page polls again, with this many people in the waiting room."""
    return min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, people / REQUESTS_PER_SECOND))


def _waits(item: Any) -> bool:
    return item["status"] == ParticipantStatus.WORKING and bool(item.get("waiting"))
