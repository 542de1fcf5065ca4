"""What clients saw: how long each route took, who had to wait, what went wrong."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values doesn't exceed; 0.0 of none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass
class Tally:
    """Counts and durations of one scenario."""

    #: seconds of each answer, by route; busy answers, and being held until a place opens, are counted apart
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    busy: int = 0
    #: seconds that participants spent on busy answers and pauses between them
    waited: float = 0.0
    #: seconds that the host held joins until a place opened
    held: float = 0.0
    finished: int = 0
    empty_stimuli: int = 0
    #: ids of infos that the server said it had taken
    infos: list[int] = field(default_factory=list)
    #: who came to the end, by the server's own answer
    completed: list[int] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def rate(self) -> float:
        """Participants a second."""
        return self.finished / self.wall if self.wall else 0.0

    def worst_p95(self) -> tuple[str, float]:
        """Return the route with the highest 95th percentile, and that percentile in milliseconds."""
        slowest = {route: percentile(values, 0.95) * 1000 for route, values in self.seconds.items()}
        route = max(slowest, key=slowest.__getitem__, default="")
        return route, slowest.get(route, 0.0)
