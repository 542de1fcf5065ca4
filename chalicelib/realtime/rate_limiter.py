"""Limits the rate of frames on each socket: a token bucket for each connection.

The buckets are in the process's memory: exact on one machine; in the cloud each running function counts the
frames that it receives, below the throttling of the API's stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: Frames per second that a socket may send continuously, and how many in a burst. Pages send 20 per second.
RATE = 25.0
BURST = 100.0
#: This many frames above the limit, without a pause of `RESET_AFTER`, are abuse: the socket is closed.
MAX_DROPPED = 300
RESET_AFTER = timedelta(seconds=10)
#: Above this many buckets, full ones are evicted.
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
    """Decides on each frame: take it, drop it, or close the socket."""

    def __init__(self, *, rate: float = RATE, burst: float = BURST, abuse: int = MAX_DROPPED) -> None:
        """`rate`: frames per second; `burst`: at once; `abuse`: frames dropped before the socket closes."""
        self._rate = rate
        self._burst = burst
        self._abuse = abuse
        self._buckets: dict[str, _Bucket] = {}

    def check(self, connection_id: str, now: datetime) -> RateLimitAction:
        """Return the action for a frame: take, drop, warn (a drop, once a second), or close the socket."""
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
        """Forget a closed socket."""
        self._buckets.pop(connection_id, None)

    def __len__(self) -> int:
        return len(self._buckets)

    def _filled(self, connection_id: str, now: datetime) -> _Bucket:
        bucket = self._buckets.get(connection_id)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._evict_full_buckets(now)
            bucket = self._buckets[connection_id] = _Bucket(self._burst, now)
            return bucket
        seconds = max(0.0, (now - bucket.filled).total_seconds())
        bucket.tokens = min(self._burst, bucket.tokens + seconds * self._rate)
        bucket.filled = now
        return bucket

    def _evict_full_buckets(self, now: datetime) -> None:
        full_after = timedelta(seconds=self._burst / self._rate)
        self._buckets = {
            name: bucket for name, bucket in self._buckets.items() if now - bucket.filled < full_after
        }
