"""What is done between requests: messages whose time has come, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

_logger = logging.getLogger("petri.local")
#: Seconds between two looks at what is due when nobody asks for one.
PAUSE = 1.0


class BackgroundWorker:
    """Carries due messages out on the event loop, so that no answer waits for them."""

    def __init__(
        self,
        carry_out_one: Callable[[], bool],
        afterwards: Callable[[], None],
        next_due: Callable[[], float | None] = lambda: None,
        durable: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`carry_out_one`: does one due message, False when none is due; `afterwards`: called after each.

        `next_due`: in how many seconds the next message is due, None when there is none. `durable` brings
        what was done to the disk, where commits don't do so by themselves.
        """
        self._carry_out_one = carry_out_one
        self._afterwards = afterwards
        self._next_due = next_due
        self._durable = durable
        self._asked = asyncio.Event()

    def soon(self) -> None:
        """Ask for a look at what is due as soon as the loop is free."""
        self._asked.set()

    async def run(self) -> None:
        """Look whenever asked, when a message is due, and every second; never returns."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._asked.wait()
            self._asked.clear()
            await self.empty()

    async def empty(self) -> None:
        """Carry out everything that is due; in between, requests pass.

        Messages and requests share the time: after requests that took long, messages go on for as long.
        Otherwise what is to be paid, and whom to ask next, would wait until the last request.
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
            # A message that fails is the queue's to repeat; the others, and the run, go on.
            _logger.exception("A message failed; it is tried again later.")
            return False
        if done:
            self._afterwards()
        return done


async def _let_requests_pass() -> None:
    await asyncio.sleep(0)
