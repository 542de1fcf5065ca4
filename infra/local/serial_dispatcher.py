"""The one lane on which a local run's operations go, one after the other, on the event loop itself.

An operation takes a few milliseconds and the database file takes one writer, so a queue of threads would only
add locks and switches. While a POST waits for the person ahead, other requests pass.
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

#: Longest time, in seconds, that somebody who finds only busy networks is held before they're told so.
HOLD = 1.0
#: Longest time, in milliseconds, that API Gateway waits for a handler; what a handler is told it has left.
TIME_LIMIT_MS = 29_000
#: How many of those held try again after one commit: the first may have visited the network that opened.
TRIES_PER_WAKE = 2
#: Of those held, so many may come back in a second; a longer line is told to come back later, so that
#: asking in vain doesn't keep this one process from those who have something to say.
BACK_IN_A_SECOND = 30
#: The longest that a long line is told to stay away, in seconds.
LONGEST_AWAY = 10
#: Seconds for which requests that find the file locked by another process are tried again, and between tries.
LOCK_HOLD = 25.0
LOCK_PAUSE = 0.1
BUSY = 503
FIRST_ERROR = 400
RETRY_AFTER = b"retry-after"
#: `/node/<participant_id>` has two segments; longer ones are calls of a node.
JOIN_LENGTH = 2
#: POSTs after which no place opens behind the person ahead; waking those held for them would be in vain.
OPENS_NO_PLACE = frozenset({"participant", "question", "tracking_event", "load-participant"})


@dataclass(slots=True)
class LocalContext:
    """What Lambda tells a handler about itself."""

    aws_request_id: str
    function_name: str = "petri-local"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:petri-local"

    def get_remaining_time_in_millis(self) -> int:
        """Give API Gateway's limit: a local handler is never cut short."""
        return TIME_LIMIT_MS


class SerialDispatcher:
    """Calls one Chalice object with proxy events, and holds those who must wait for the person ahead."""

    def __init__(
        self,
        app: Chalice,
        *,
        hold: float = HOLD,
        durable: Callable[[], Awaitable[None]] | None = None,
        changes: Callable[[], int] | None = None,
    ) -> None:
        """`app`: the object of app.py. `hold`: seconds somebody is held before `network_busy` is told.

        `durable` is waited for before an answer goes: what the answer tells of is on the disk then. `changes`
        counts changes of networks: without a new one no place has opened, and nobody is woken in vain.
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
        """Carry a request out; one that finds the networks busy is tried again when a place may be open."""
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
        """Try again while another process keeps the file locked: whoever only reads passes meanwhile."""
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
                # Several places may have opened at once: one more looks.
                self.wake(1)
                break
            self.wake(tries - 1)
        if _says_network_busy(answer):
            answer = _back_later(answer, min(LONGEST_AWAY, length // BACK_IN_A_SECOND))
        return _with_hold(answer, time() - began)

    def wake_after_change(self) -> None:
        """Let those who wait try again if a network has changed since the last look."""
        if self._has_changed():
            self.wake()

    def wake(self, tries: int = TRIES_PER_WAKE) -> None:
        """Let those who wait longest try again, in turn, until one gets a place or `tries` failed."""
        while self._held and tries > 0:
            waiting = self._held.popleft()
            if not waiting.done():
                waiting.set_result(tries)
                return

    def invoke(self, event: dict[str, Any]) -> ProxyResponse:
        """Call the Chalice object with an event, as Lambda does."""
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
        """Wait for a wake; give its tries, or 0 when the time is over."""
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
    """Give each thread its own `current_request`, as Chalice's own local server does."""
    if not isinstance(app, LocalChalice):
        app.__class__ = type("LocalApp", (LocalChalice, type(app)), {})
    return app


def _back_later(answer: ProxyResponse, seconds: int) -> ProxyResponse:
    """Tell somebody to stay away for so long at least."""
    if seconds <= int(answer.header(RETRY_AFTER) or 0):
        return answer
    others = (header for header in answer.headers if header[0] != RETRY_AFTER)
    return replace(answer, headers=(*others, (RETRY_AFTER, str(seconds).encode())))


def _with_hold(answer: ProxyResponse, seconds: float) -> ProxyResponse:
    """Tell how long the request was held for the person ahead, as browsers and benches read it."""
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
