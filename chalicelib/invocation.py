"""How much time is left of this invocation: Lambda ends a function in the middle of what it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_left: ContextVar[Callable[[], float]] = ContextVar("seconds_left")


@contextmanager
def within(context: Any) -> Iterator[None]:
    """Let `seconds_left` tell what Lambda's context says, while the block lasts; None: nothing ends it."""
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
    """Return the seconds until the invocation is ended; infinity outside one."""
    ask = _left.get(None)
    return math.inf if ask is None else ask()
