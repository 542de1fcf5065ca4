"""Collects what clients measured: durations by route, waiting times and failures."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values doesn't exceed; 0.0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass
class Tally:
    """Counts and durations of one scenario."""

    #: seconds of each response, by route, without busy responses and the time that requests were held
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    busy: int = 0
    #: seconds that participants spent on busy responses and backoff
    waited: float = 0.0
    #: seconds that the host held joins until a place opened
    held: float = 0.0
    finished: int = 0
    empty_stimuli: int = 0
    #: ids of infos that the server acknowledged
    infos: list[int] = field(default_factory=list)
    #: participants whose completion the server acknowledged
    completed: list[int] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def rate(self) -> float:
        """Participants per second."""
        return self.finished / self.wall if self.wall else 0.0

    def worst_p95(self) -> tuple[str, float]:
        """Return the route with the highest 95th percentile, and that percentile in milliseconds."""
        slowest = {route: percentile(values, 0.95) * 1000 for route, values in self.seconds.items()}
        route = max(slowest, key=slowest.__getitem__, default="")
        return route, slowest.get(route, 0.0)
