"""How long those who wait stay away before they ask again: the longer, the more of them there are.

Hundreds who wait for a place and ask every second would be hundreds of requests a second, which an account
that may run ten functions at once can't answer; those who could go on would be refused with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.model.participant import WORKING
from chalicelib.ports import UnitOfWork

#: Requests a second that those who wait may make together.
REQUESTS_PER_SECOND: Final = 20
#: Seconds between two requests of one participant, at least and at most.
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 15.0
#: The same where a page in the waiting room asks; who isn't heard of for a minute loses the seat.
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 10.0, 25.0
#: So long a count is good.
CACHE_LIFETIME: Final = timedelta(seconds=5)


@dataclass
class WaitingEstimate:
    """Remembers, in one process, how many wait for a place: a count reads the list of participants."""

    waiting: int = 0
    counted_at: datetime | None = None

    def retry_after_seconds(self, work: UnitOfWork) -> float:
        """Return after how many seconds a participant who waits for a place asks again."""
        if self.counted_at is None or abs(work.now - self.counted_at) > CACHE_LIFETIME:
            self.waiting = sum(1 for item in work.active_participants() if _waits(item))
            self.counted_at = work.now
        return min(MAX_RETRY_SECONDS, max(MIN_RETRY_SECONDS, self.waiting / REQUESTS_PER_SECOND))


def poll_interval(people: int) -> float:
    """Return after how many seconds a page is to look again, with so many people in the waiting room."""
    return min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, people / REQUESTS_PER_SECOND))


def _waits(item: Any) -> bool:
    return item["status"] == WORKING and bool(item.get("waiting"))
