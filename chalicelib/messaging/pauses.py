"""How long a message that failed waits before it comes again: a second at first, ten minutes at most."""

from __future__ import annotations

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 600.0


def pause_after(tries: int) -> float:
    """Return the seconds between a message's n-th failure and its next try; they double each time."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(max(0, tries - 1), 30))
