"""Processes due messages between requests, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

_logger = logging.getLogger("petri.local")
#: Longest wait, in seconds, before the worker polls for due messages again.
PAUSE = 1.0


class BackgroundWorker:
    """Processes due messages on the event loop, so that no response waits for them."""

    def __init__(
        self,
        carry_out_one: Callable[[], bool],
        afterwards: Callable[[], None],
        next_due: Callable[[], float | None] = lambda: None,
        durable: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`carry_out_one`: processes a due message, False if none is due; `afterwards`: called after each.

        `next_due`: returns the seconds until the next message is due, None when there is none. `durable`:
        flushes commits to disk, if the engine doesn't do so itself.
        """
        self._carry_out_one = carry_out_one
        self._afterwards = afterwards
        self._next_due = next_due
        self._durable = durable
        self._wake = asyncio.Event()

    def soon(self) -> None:
        """Poll for due messages as soon as the loop is free."""
        self._wake.set()

    async def run(self) -> None:
        """Poll when requested, when a message is due, and every second; never returns."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            self._wake.clear()
            await self.empty()

    async def empty(self) -> None:
        """Process everything that is due, yielding to requests in between.

        Messages and requests share the time equally: after requests that took long, messages are processed
        for as long. Otherwise payments and recruitment would be starved while requests keep coming.
        """
        loop = asyncio.get_running_loop()
        until = loop.time()
        while self._one():
            now = loop.time()
            if now >= until:
                await _let_requests_pass()
                until = 2 * loop.time() - now
        if self._durable is not None:
            await self._durable()

    def _pause(self) -> float:
        due = self._next_due()
        return PAUSE if due is None else min(PAUSE, max(0.0, due))

    def _one(self) -> bool:
        try:
            done = self._carry_out_one()
        except Exception:
            # The queue retries a failed message; the others, and the run, continue.
            _logger.exception("A message failed; it will be retried.")
            return False
        if done:
            self._afterwards()
        return done


async def _let_requests_pass() -> None:
    await asyncio.sleep(0)
