"""Orders of the conditions that each participant goes through: all of them, or a balanced Latin square."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

#: Six levels have 720 orders; for more levels, use a Latin square.
MOST_PERMUTED = 6


def all_orders(levels: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return every order of these levels."""
    return list(permutations(levels))


def latin_square(levels: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the orders of a Williams design.

    Each level comes equally often at each place, and equally often right after each other level. An even
    number of levels takes that many orders, an odd number twice as many.
    """
    count = len(levels)
    first = [0]
    low, high = 1, count - 1
    while len(first) < count:
        first.append(low if len(first) % 2 else high)
        low, high = (low + 1, high) if len(first) % 2 == 0 else (low, high - 1)
    rows = [[(place + shift) % count for place in first] for shift in range(count)]
    if count % 2 and count > 1:
        rows += [row[::-1] for row in rows]
    return [tuple(levels[place] for place in row) for row in rows]


#: The ways of ordering, by the name that authors write.
ORDERINGS = {"all": all_orders, "latin_square": latin_square}
