"""Runs a local run's operations one at a time, on the event loop itself.

An operation takes a few milliseconds and the database file allows one writer, so a thread pool would only
add locks and context switches. While a POST waits for the participant ahead, other requests are served.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from chalice.app import Chalice
from chalice.local import LocalChalice

from infra.lambda_events.gateway import HttpRequest, proxy_event
from infra.lambda_events.responses import ProxyResponse, lambda_response
from infra.lambda_events.routing import Match, Routes

#: Longest time, in seconds, that a request is held while all networks are busy, before it gets a 503.
HOLD = 1.0
#: API Gateway's timeout for a handler, in milliseconds.
TIME_LIMIT_MS = 29_000
#: How many held requests are retried after one commit: the first may have visited the network that opened.
TRIES_PER_WAKE = 2
#: How many held requests may be retried per second; with more, clients get a longer Retry-After, so that
#: polling doesn't keep this one process from other requests.
BACK_IN_A_SECOND = 30
#: The longest Retry-After for held requests, in seconds.
LONGEST_AWAY = 10
#: Seconds for which a request is retried while another process locks the file, and between two attempts.
LOCK_HOLD = 25.0
LOCK_PAUSE = 0.1
BUSY = 503
FIRST_ERROR = 400
RETRY_AFTER = b"retry-after"
#: `/node/<participant_id>` has two segments; longer paths are calls for a node.
JOIN_LENGTH = 2
#: POSTs that never open a place, so no held request is retried after them.
OPENS_NO_PLACE = frozenset({"participant", "question", "tracking_event", "load-participant"})


@dataclass(slots=True)
class LocalContext:
    """The Lambda context that handlers receive."""

    aws_request_id: str
    function_name: str = "petri-local"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:petri-local"

    def get_remaining_time_in_millis(self) -> int:
        """Return API Gateway's limit: a local handler is never interrupted."""
        return TIME_LIMIT_MS


class SerialDispatcher:
    """Calls the Chalice app with proxy events, and holds requests that wait for the participant ahead."""

    def __init__(
        self,
        app: Chalice,
        *,
        hold: float = HOLD,
        durable: Callable[[], Awaitable[None]] | None = None,
        changes: Callable[[], int] | None = None,
    ) -> None:
        """`app`: the object of app.py. `hold`: seconds that a request is held before it gets `network_busy`.

        `durable` is awaited before a response is sent, so that its commits are on disk. `changes` counts
        changes of networks: without a new one no place has opened, and no held request is retried.
        """
        self.app = with_own_request_per_thread(app)
        self.routes = Routes(app.routes)
        self._binary_types = frozenset(app.api.binary_types)
        self._hold = hold
        self._durable = durable
        self._changes = changes
        self._seen_changes = 0
        self._held: deque[asyncio.Future[int]] = deque()
        self._length = 0

    async def answer(self, request: HttpRequest, match: Match) -> ProxyResponse:
        """Process a request; if all networks are busy, retry it when a place may have opened."""
        answer = self._try(request, match)
        if _says(answer, b"file_locked"):
            answer = await self._until_unlocked(request, match, answer)
        if _says_network_busy(answer):
            answer = await self._held_until_open(request, match, answer)
        if self._durable is not None:
            await self._durable()
        return answer

    async def _until_unlocked(
        self, request: HttpRequest, match: Match, answer: ProxyResponse
    ) -> ProxyResponse:
        """Retry while another process locks the file; requests that only read are served in the meantime."""
        time = asyncio.get_running_loop().time
        until = time() + LOCK_HOLD
        while _says(answer, b"file_locked") and time() < until:
            await asyncio.sleep(LOCK_PAUSE)
            answer = self._try(request, match)
        return answer

    async def _held_until_open(
        self, request: HttpRequest, match: Match, answer: ProxyResponse
    ) -> ProxyResponse:
        time = asyncio.get_running_loop().time
        began = time()
        length = self._length + 1
        while tries := await self._woken(began + self._hold):
            answer = self._try(request, match)
            if not _says_network_busy(answer):
                # Several places may have opened at once: retry one more.
                self.wake(1)
                break
            self.wake(tries - 1)
        if _says_network_busy(answer):
            answer = _back_later(answer, min(LONGEST_AWAY, length // BACK_IN_A_SECOND))
        return _with_hold(answer, time() - began)

    def wake_after_change(self) -> None:
        """Retry held requests if a network has changed since the last call."""
        if self._has_changed():
            self.wake()

    def wake(self, tries: int = TRIES_PER_WAKE) -> None:
        """Retry the requests held longest, in order, until one gets a place or `tries` have failed."""
        while self._held and tries > 0:
            waiting = self._held.popleft()
            if not waiting.done():
                waiting.set_result(tries)
                return

    def handler(self, request: HttpRequest, match: Match) -> Callable[[], ProxyResponse]:
        """Return the call that processes a request, for a thread of its own."""
        event = proxy_event(request, match, self._binary_types)
        return lambda: self.invoke(event)

    def invoke(self, event: dict[str, Any]) -> ProxyResponse:
        """Call the Chalice app with an event, as Lambda does."""
        context = LocalContext(event["requestContext"]["requestId"])
        return lambda_response(self.app(event, context))

    def _try(self, request: HttpRequest, match: Match) -> ProxyResponse:
        answer = self.invoke(proxy_event(request, match, self._binary_types))
        if self._has_changed() and answer.status < FIRST_ERROR and _may_open_a_place(match.resource):
            self.wake()
        return answer

    def _has_changed(self) -> bool:
        if self._changes is None:
            return True
        seen, self._seen_changes = self._seen_changes, self._changes()
        return seen != self._seen_changes

    async def _woken(self, until: float) -> int:
        """Wait for a wake-up; return its number of tries, or 0 after the timeout."""
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._held.append(waiting)
        self._length += 1
        try:
            async with asyncio.timeout_at(until):
                return await waiting
        except TimeoutError:
            return 0
        finally:
            self._length -= 1


def with_own_request_per_thread(app: Chalice) -> Chalice:
    """Give each thread its own `current_request`, as Chalice's local server does."""
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})
    return app


def _back_later(answer: ProxyResponse, seconds: int) -> ProxyResponse:
    """Set Retry-After to at least so many seconds."""
    if seconds <= int(answer.header(RETRY_AFTER) or 0):
        return answer
    others = (header for header in answer.headers if header[0] != RETRY_AFTER)
    return replace(answer, headers=(*others, (RETRY_AFTER, str(seconds).encode())))


def _with_hold(answer: ProxyResponse, seconds: float) -> ProxyResponse:
    """Add how long the request was held, as a Server-Timing header."""
    hold = (b"server-timing", f"hold;dur={seconds * 1000:.1f}".encode())
    return replace(answer, headers=(*answer.headers, hold))


def _says_network_busy(answer: ProxyResponse) -> bool:
    return _says(answer, b"network_busy")


def _says(answer: ProxyResponse, code: bytes) -> bool:
    return answer.status == BUSY and code in answer.body


@lru_cache(maxsize=256)
def _may_open_a_place(resource: str) -> bool:
    words = resource.strip("/").split("/")
    is_join = words[0] == "node" and len(words) == JOIN_LENGTH
    return not is_join and words[0] not in OPENS_NO_PLACE
