"""Caches vendors' confirmations of entries for a while, so that a reload needs no call."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.errors import Busy, Forbidden

#: Seconds for which an answer is cached: a confirmation, a refusal, and a "not yet".
ACCEPTED_SECONDS, REFUSED_SECONDS, PENDING_SECONDS = 600.0, 60.0, 3.0
#: For how long a vendor may not know an assignment that was just accepted, counted from the first call.
MAX_PENDING_SECONDS = 120.0
#: The maximum number of cached entries.
MAX_CACHED = 4096

EntryKey = tuple[str, ...]


@dataclass(eq=False, repr=False)
class _CachedAnswer:
    first_asked: float
    until: float
    refusal: Busy | Forbidden | None


@dataclass(eq=False, repr=False)
class ConfirmationCache:
    """The vendors' answers, oldest evicted first; each process has its own cache, which its threads share."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[EntryKey, _CachedAnswer] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, key: EntryKey, question: Callable[[], None]) -> None:
        """Raise or return the cached answer to this question, or ask the vendor."""
        now = self.clock()
        with self._guard:
            kept = self._kept.get(key)
        if kept is None or now >= kept.until:
            kept = self._answer(key, question, kept)
        if kept.refusal is not None:
            raise kept.refusal

    def _answer(
        self, key: EntryKey, question: Callable[[], None], before: _CachedAnswer | None
    ) -> _CachedAnswer:
        refusal: Busy | Forbidden | None = None
        try:
            question()
        except (Busy, Forbidden) as refused:
            refusal = refused
        now = self.clock()
        first = now if before is None else before.first_asked
        if isinstance(refusal, Busy) and now - first > MAX_PENDING_SECONDS:
            refusal = Forbidden(str(refusal), code="entry_not_known")
        lasts = (
            ACCEPTED_SECONDS
            if refusal is None
            else PENDING_SECONDS
            if isinstance(refusal, Busy)
            else REFUSED_SECONDS
        )
        answer = _CachedAnswer(first, now + lasts, refusal)
        # Not held during the call to the vendor, which takes seconds.
        with self._guard:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_CACHED:
                self._kept.popitem(last=False)
        return answer
