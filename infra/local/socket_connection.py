"""The sending side of one open socket: its backlog and its timeouts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Send

#: The close codes of RFC 6455 that are used here, and 1013 from IANA's registry.
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """API Gateway's quotas for WebSocket APIs, in seconds."""

    idle: float = 600.0
    lifetime: float = 7200.0
    #: Characters that may wait for a page that reads slowly; above, the socket is closed.
    backlog: int = 1024 * 1024
    #: How long a page may take to read what was sent before the close, in seconds.
    last_words: float = 2.0


class SocketConnection:
    """Sends to one page, in order and asynchronously, with a bounded backlog."""

    def __init__(self, limits: SocketLimits, abort: Callable[[], None]) -> None:
        """`abort` drops the connection at once, with its backlog."""
        self._limits = limits
        self._abort = abort
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[str] = deque()
        self._length = 0
        self._changed = asyncio.Event()
        #: Set when the connection was dropped because its page didn't read the close frame.
        self.broken = asyncio.Event()
        self.closed_with: tuple[int, str] | None = None
        self._last_used = self._loop.time()
        self._timers = [
            self._loop.call_later(limits.lifetime, self._close, GOING_AWAY, "Connection duration limit"),
            self._loop.call_later(limits.idle, self._check_idle),
        ]

    @property
    def is_closing(self) -> bool:
        """Whether the server closes the socket: later frames of the page are ignored."""
        return self.closed_with is not None

    def send(self, text: str) -> None:
        """Send a text; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._put, text)

    def close(self, code: int, reason: str) -> None:
        """Close the socket; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._close, code, reason)

    def used(self) -> None:
        """Record activity, for the idle timeout."""
        self._last_used = self._loop.time()

    def end(self) -> None:
        """Cancel the timers and clear the backlog after the connection has ended."""
        for timer in self._timers:
            timer.cancel()
        self._waiting.clear()

    async def write(self, send: Send) -> None:
        """Send the backlog until the server closes the socket."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._waiting:
                text = self._waiting.popleft()
                self._length -= len(text)
                await send({"type": "websocket.send", "text": text})
                self.used()
            if self.closed_with is not None:
                code, reason = self.closed_with
                await send({"type": "websocket.close", "code": code, "reason": reason})
                return

    def _put(self, text: str) -> None:
        if self.is_closing:
            return
        self._waiting.append(text)
        self._length += len(text)
        self._changed.set()
        if self._length > self._limits.backlog:
            self._close(TRY_AGAIN_LATER, "You read too slowly")

    def _close(self, code: int, reason: str) -> None:
        if self.is_closing:
            return
        self.closed_with = (code, reason)
        self._changed.set()
        self._timers.append(self._loop.call_later(self._limits.last_words, self._drop))

    def _drop(self) -> None:
        self._abort()
        self.broken.set()

    def _check_idle(self) -> None:
        left = self._last_used + self._limits.idle - self._loop.time()
        if left <= 0:
            self._close(GOING_AWAY, "Going away")
            return
        self._timers[1] = self._loop.call_later(left, self._check_idle)
