"""Calculates the backoff of failed messages: a second at first, ten minutes at most."""

from __future__ import annotations

BACKOFF_BASE = 1.0
BACKOFF_MAX = 600.0


def backoff_seconds(tries: int) -> float:
    """Return the seconds between a message's n-th failure and its next attempt; they double each time."""
    return min(BACKOFF_MAX, BACKOFF_BASE * 2.0 ** min(max(0, tries - 1), 30))
