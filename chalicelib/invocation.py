"""Tells how much time is left before Lambda ends the current invocation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_left: ContextVar[Callable[[], float]] = ContextVar("seconds_left")


@contextmanager
def within(context: Any) -> Iterator[None]:
    """Make `seconds_left` use Lambda's context inside the block; None: the invocation has no time limit."""
    milliseconds: Callable[[], float] | None = getattr(context, "get_remaining_time_in_millis", None)
    if milliseconds is None:
        yield
        return
    ask = milliseconds
    token = _left.set(lambda: ask() / 1000)
    try:
        yield
    finally:
        _left.reset(token)


def seconds_left() -> float:
    """Return the seconds until Lambda ends the invocation; infinity when there is no limit."""
    ask = _left.get(None)
    return math.inf if ask is None else ask()
