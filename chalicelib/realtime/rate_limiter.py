"""How fast a socket may speak: a bucket of tokens for each connection.

Counted in the process's memory: exact on one machine; in the cloud each running function counts what it is
given, below the throttling of the API's stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: Frames a second that a socket may send for as long as it likes, and how many at once. Pages send 20.
RATE = 25.0
BURST = 100.0
#: So many frames above that, without having paused for `RESET_AFTER`, are abuse: the socket is closed.
MAX_DROPPED = 300
RESET_AFTER = timedelta(seconds=10)
#: Above so many buckets, those that have long been full again are forgotten.
MAX_BUCKETS = 1000

RateLimitAction = Literal["take", "warn", "drop", "close"]


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: datetime
    dropped: int = 0
    last_dropped: datetime | None = None
    warned: datetime | None = None


class RateLimiter:
    """Says of each frame what becomes of it."""

    def __init__(self, *, rate: float = RATE, burst: float = BURST, abuse: int = MAX_DROPPED) -> None:
        """`rate`: frames a second; `burst`: at once; `abuse`: frames dropped before the socket is closed."""
        self._rate = rate
        self._burst = burst
        self._abuse = abuse
        self._buckets: dict[str, _Bucket] = {}

    def check(self, connection_id: str, now: datetime) -> RateLimitAction:
        """Say what becomes of a frame: taken, dropped (with a warning once a second), or the last one."""
        bucket = self._filled(connection_id, now)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return "take"
        if bucket.last_dropped is not None and now - bucket.last_dropped > RESET_AFTER:
            bucket.dropped = 0
        bucket.dropped += 1
        bucket.last_dropped = now
        if bucket.dropped > self._abuse:
            return "close"
        if bucket.warned is None or now - bucket.warned >= timedelta(seconds=1):
            bucket.warned = now
            return "warn"
        return "drop"

    def forget(self, connection_id: str) -> None:
        """Forget a socket that has closed."""
        self._buckets.pop(connection_id, None)

    def __len__(self) -> int:
        return len(self._buckets)

    def _filled(self, connection_id: str, now: datetime) -> _Bucket:
        bucket = self._buckets.get(connection_id)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._forget_full_ones(now)
            bucket = self._buckets[connection_id] = _Bucket(self._burst, now)
            return bucket
        seconds = max(0.0, (now - bucket.filled).total_seconds())
        bucket.tokens = min(self._burst, bucket.tokens + seconds * self._rate)
        bucket.filled = now
        return bucket

    def _forget_full_ones(self, now: datetime) -> None:
        full_after = timedelta(seconds=self._burst / self._rate)
        self._buckets = {
            name: bucket for name, bucket in self._buckets.items() if now - bucket.filled < full_after
        }
