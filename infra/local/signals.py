"""Handles Ctrl-C and SIGTERM: the first shuts a run down gracefully, a second one at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from chalicelib.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on the first signal; the second raises KeyboardInterrupt wherever the program is.

    asyncio's signal handlers don't suffice: they don't run while an author's code never returns.
    """
    loop = asyncio.get_running_loop()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stopped:
            raise Interrupted
        stopped.append(number)
        loop.call_soon_threadsafe(stop.set)

    stopped: list[int] = []
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
