"""How often an address may try to begin: a bucket for each, filled again as time goes by.

Addresses are known here by a keyed hash alone, in memory, and for as long as they are active. On AWS each
process counts for itself; API Gateway's own limit of the route bounds them all together.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

#: A lecture hall behind one address may begin at once, and then this many a second.
BUCKET_SIZE, REFILL_PER_SECOND = 300.0, 5.0
#: What a try with ids or a link that aren't the caller's takes from the bucket.
REFUSED_COST = 20.0
#: How many addresses are remembered; the oldest is forgotten first.
MAX_BUCKETS = 10_000


@dataclass
class EntryRateLimiter:
    """The buckets of all addresses; threads may share them."""

    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, cost: float = 1.0) -> float:
        """Take from an address's bucket; return 0, or the seconds until there is enough in it again.

        What a refused try costs is taken also when there isn't enough: the bucket is empty then.
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
