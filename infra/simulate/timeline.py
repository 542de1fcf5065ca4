"""Time that passes only when something is to happen next: an hour of waiting takes no time at all."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(order=True)
class Event:
    """Something that happens at a moment, in seconds since the beginning."""

    moment: float
    #: What is due at one moment happens in the order in which it was asked for.
    number: int
    act: Callable[[], object] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def call_off(self) -> None:
        """Let it not happen."""
        self.is_off = True


class Timeline:
    """What happens when; also the clock of the app that is tried."""

    def __init__(self, began: datetime | None = None) -> None:
        """`began`: the moment of second 0; by default the full hour that it is now."""
        self.began = began or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.seconds = 0.0
        self._events: list[Event] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """The time now."""
        return self.began + timedelta(seconds=self.seconds)

    def after(self, seconds: float, act: Callable[[], object]) -> Event:
        """Have something happen in so many seconds."""
        event = Event(self.seconds + max(0.0, seconds), next(self._numbers), act)
        heapq.heappush(self._events, event)
        return event

    def at(self, moment: datetime, act: Callable[[], object]) -> Event:
        """Have something happen at a moment, or at once when it is over."""
        return self.after((moment - self.now()).total_seconds(), act)

    def step(self) -> bool:
        """Let the next thing happen; False when nothing is left."""
        while self._events:
            event = heapq.heappop(self._events)
            if not event.is_off:
                self.seconds = event.moment
                event.act()
                return True
        return False
