"""Simulated time: a queue of events, whose clock jumps to the next one."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(order=True)
class Event:
    """A scheduled call, at a time in seconds since the start."""

    moment: float
    #: Events at the same time run in the order in which they were scheduled.
    number: int
    act: Callable[[], object] = field(compare=False)
    is_off: bool = field(default=False, compare=False)

    def call_off(self) -> None:
        """Cancel the event."""
        self.is_off = True


class Timeline:
    """The event queue, and the clock of the simulated app."""

    def __init__(self, began: datetime | None = None) -> None:
        """`began`: the time of second 0; by default the start of the current hour."""
        self.began = began or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.seconds = 0.0
        self._events: list[Event] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        """Return the simulated time."""
        return self.began + timedelta(seconds=self.seconds)

    def after(self, seconds: float, act: Callable[[], object]) -> Event:
        """Schedule a call in so many seconds."""
        event = Event(self.seconds + max(0.0, seconds), next(self._numbers), act)
        heapq.heappush(self._events, event)
        return event

    def at(self, moment: datetime, act: Callable[[], object]) -> Event:
        """Schedule a call at a time, or at once if that has passed."""
        return self.after((moment - self.now()).total_seconds(), act)

    def step(self) -> bool:
        """Run the next event; False when none is left."""
        while self._events:
            event = heapq.heappop(self._events)
            if not event.is_off:
                self.seconds = event.moment
                event.act()
                return True
        return False
