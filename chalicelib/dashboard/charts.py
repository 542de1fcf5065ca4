"""Computes the geometry of the small charts that the server draws as SVG."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """One bar of a histogram: its range of values, and its height from 0 to 100."""

    start: float
    end: float
    count: int
    height: float


def share(part: float | Decimal, whole: float | Decimal) -> float:
    """Return a part of a whole from 0 to 100; 0 of an empty whole."""
    return 0.0 if whole <= 0 else round(min(100.0, max(0.0, 100.0 * float(part) / float(whole))), 2)


def cumulative_counts(
    moments: Sequence[datetime], since: datetime, until: datetime, most: int = 80
) -> list[tuple[int, int]]:
    """Count how many moments had passed at each of some points in time.

    Args:
        moments: The moments, in order.
        since: The first point.
        until: The last point.
        most: The largest number of points.

    Returns:
        Pairs of seconds since 1970 and the count; the last has all moments.

    """
    first, last = (
        math.floor(since.timestamp()),
        max(math.ceil(until.timestamp()), math.ceil(since.timestamp()) + 1),
    )
    step = max(1, math.ceil((last - first) / (most - 1)))
    stamps = [moment.timestamp() for moment in moments]
    points = [*range(first, last, step), last]
    return [(point, bisect_right(stamps, point)) for point in points]


def histogram_bars(values: Sequence[float], most: int = 12) -> list[HistogramBar]:
    """Divide values into bars of equal width, whose limits are round numbers.

    Args:
        values: The values, in any order.
        most: The largest number of bars.

    Returns:
        The bars from the smallest value to the largest; none without values.

    """
    found = [float(value) for value in values if math.isfinite(value)]
    if not found:
        return []
    least, largest = min(found), max(found)
    width = _round_width((largest - least) / most)
    first = math.floor(least / width)
    counts = [0] * (math.floor(largest / width) - first + 1)
    for value in found:
        counts[math.floor(value / width) - first] += 1
    highest = max(counts)
    return [
        HistogramBar(
            start=(first + index) * width,
            end=(first + index + 1) * width,
            count=count,
            height=share(count, highest),
        )
        for index, count in enumerate(counts)
    ]


def _round_width(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... (and their fractions) that is at least this."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= least)
