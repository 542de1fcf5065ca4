"""What vendors answered about entries, remembered for a while, so that a reload doesn't ask them again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.model.errors import Busy, Forbidden

#: Seconds that an answer is remembered: one that lets in, one that refuses, and one that says "not yet".
YES, NO, NOT_YET = 600.0, 60.0, 3.0
#: For how long a vendor may not know an assignment that was just accepted, counted from the first question.
PATIENCE = 120.0
#: How many entries are remembered.
MOST = 4096

Key = tuple[str, ...]


@dataclass
class _Answer:
    first_asked: float
    until: float
    refusal: Busy | Forbidden | None


@dataclass
class Answers:
    """The vendors' answers, the oldest forgotten first; of this process alone, whose threads share them."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[Key, _Answer] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, key: Key, question: Callable[[], None]) -> None:
        """Raise what the vendor answered to this question lately, or ask it."""
        now = self.clock()
        with self._guard:
            kept = self._kept.get(key)
        if kept is None or now >= kept.until:
            kept = self._answer(key, question, kept)
        if kept.refusal is not None:
            raise kept.refusal

    def _answer(self, key: Key, question: Callable[[], None], before: _Answer | None) -> _Answer:
        refusal: Busy | Forbidden | None = None
        try:
            question()
        except (Busy, Forbidden) as refused:
            refusal = refused
        now = self.clock()
        first = now if before is None else before.first_asked
        if isinstance(refusal, Busy) and now - first > PATIENCE:
            refusal = Forbidden(str(refusal), code="entry_not_known")
        lasts = YES if refusal is None else NOT_YET if isinstance(refusal, Busy) else NO
        answer = _Answer(first, now + lasts, refusal)
        # Not while the vendor is asked: that takes seconds.
        with self._guard:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return answer
