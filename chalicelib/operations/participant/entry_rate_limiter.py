"""Limits how often an address may try to begin: a token bucket for each address.

Addresses are kept as a keyed hash alone, in memory, and only while they are active. On AWS each process
counts for itself; API Gateway's throttling of the route limits the total.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

#: Participants in a lecture hall share one address and begin at once; after that, this many per second.
BUCKET_SIZE, REFILL_PER_SECOND = 300.0, 5.0
#: The tokens that an attempt with another person's ids or link costs.
REFUSED_COST = 20.0
#: How many addresses are kept; the least recent is evicted first.
MAX_BUCKETS = 10_000


@dataclass(eq=False, repr=False)
class EntryRateLimiter:
    """The buckets of all addresses; threads may share them."""

    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, cost: float = 1.0) -> float:
        """Take tokens from an address's bucket; return 0, or the seconds until it holds enough again.

        A refused attempt is charged even when the bucket doesn't hold enough: the bucket is empty then.
        """
        now = self.clock()
        with self._guard:
            left, at = self._left.pop(key, (BUCKET_SIZE, now))
            left = min(BUCKET_SIZE, left + (now - at) * REFILL_PER_SECOND)
            wait = max(0.0, (cost - left) / REFILL_PER_SECOND)
            self._left[key] = (max(0.0, left - cost) if cost > 1 or not wait else left, now)
            while len(self._left) > MAX_BUCKETS:
                self._left.popitem(last=False)
        return wait

    def wait(self, key: str) -> float:
        """Return the seconds until an address may try again, 0 for now; nothing is taken."""
        now = self.clock()
        with self._guard:
            left, at = self._left.get(key, (BUCKET_SIZE, now))
        return max(0.0, (1.0 - left) / REFILL_PER_SECOND - (now - at))
