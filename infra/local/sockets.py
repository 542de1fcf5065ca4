"""The sockets of a local run: `/chat` behaves like API Gateway's WebSocket API and calls the same handlers.

Each connection is one task on the event loop: its events are handled in their order, and between two of
them everybody else has a turn.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice
from starlette.types import Message, Receive, Scope, Send

from chalicelib.messaging.local_channels import LocalChannels
from infra.lambda_events.socket_events import STAGE, Visit, connect_event, disconnect_event, message_event

from .serial_dispatcher import LocalContext
from .socket_connection import SocketConnection, SocketLimits

PATH = "/chat"
OK = 200
CLOSED_ABNORMALLY = 1006
_logger = logging.getLogger("petri.local")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection was refused: an HTTP answer instead of the upgrade."""

    status: int
    body: bytes


NOTHING_HERE = Refusal(404, b'{"status": "error", "error_code": "not_found"}')
#: What API Gateway says when a handler failed.
HANDLER_FAILED = Refusal(502, b'{"message": "Internal server error"}')


class Sockets:
    """Opens, hears and closes sockets, and knows those that are open."""

    def __init__(self, app: Chalice, registry: LocalChannels, limits: SocketLimits | None = None) -> None:
        """`app`: the object of app.py; `registry`: where open sockets are found by those who send."""
        # Otherwise Chalice asks for a region, to send by itself, which nobody here does.
        app.websocket_api.configure("localhost", STAGE)
        self._handlers: Mapping[str, Callable[..., Any]] = {
            route: app.handler_map[declared.name] for route, declared in app.websocket_handlers.items()
        }
        self._registry = registry
        self._limits = limits or SocketLimits()
        self._host_is_going = False
        #: called when an event was handled: what it left to do can be done now
        self.after_event: Callable[[], None] = _nothing

    def host_is_going(self) -> None:
        """Say nothing about sockets that close from now on: their people haven't left."""
        self._host_is_going = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection from its first to its last event."""
        await receive()
        if scope["path"] != PATH:
            await _refuse(NOTHING_HERE, send)
            return
        visit = Visit.from_scope(scope)
        refusal = self._let_in(visit)
        if refusal is not None:
            await _refuse(refusal, send)
            return
        line = SocketConnection(self._limits, abort=scope["state"].get("abort", _nothing))
        self._registry.opened(visit.id, line)
        self.after_event()
        code, reason = CLOSED_ABNORMALLY, ""
        try:
            await send({"type": "websocket.accept"})
            code, reason = await self._serve(visit, line, receive, send)
        finally:
            self._registry.closed(visit.id)
            line.end()
            if not self._host_is_going:
                self._call("$disconnect", disconnect_event(visit, code, reason))
                self.after_event()

    async def _serve(
        self, visit: Visit, line: SocketConnection, receive: Receive, send: Send
    ) -> tuple[int, str]:
        """Hear and send until the connection ends; give the code and the reason with which it did."""
        hearing = asyncio.create_task(self._hear(visit, line, receive))
        writing = asyncio.create_task(line.write(send))
        broken = asyncio.create_task(line.broken.wait())
        try:
            await asyncio.wait({hearing, writing, broken}, return_when=asyncio.FIRST_COMPLETED)
            if line.broken.is_set():
                return line.closed_with or (CLOSED_ABNORMALLY, "")
            if not hearing.done():
                # The line closed it; the server says so in an event of its own.
                await asyncio.wait({hearing, broken}, return_when=asyncio.FIRST_COMPLETED)
            return line.closed_with or (hearing.result() if hearing.done() else (CLOSED_ABNORMALLY, ""))
        finally:
            for task in (hearing, writing, broken):
                task.cancel()
            await asyncio.gather(hearing, writing, broken, return_exceptions=True)

    async def _hear(self, visit: Visit, line: SocketConnection, receive: Receive) -> tuple[int, str]:
        """Handle one frame after the other; between two of them, everybody else has a turn."""
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return event.get("code") or CLOSED_ABNORMALLY, event.get("reason") or ""
            line.used()
            if not line.is_closing:
                self._call("$default", message_event(visit, _data(event)))
                self.after_event()
            await asyncio.sleep(0)

    def _let_in(self, visit: Visit) -> Refusal | None:
        answer = self._call("$connect", connect_event(visit))
        if answer is None:
            return HANDLER_FAILED
        status = int(answer.get("statusCode", OK))
        if status == OK:
            return None
        return Refusal(status, str(answer.get("body") or json.dumps({"message": "Forbidden"})).encode())

    def _call(self, route: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """Call a handler, as Lambda does; None when it failed."""
        try:
            answer: dict[str, Any] = self._handlers[route](
                event, LocalContext(event["requestContext"]["requestId"])
            )
        except Exception:
            # The last door: handlers answer what they foresee; the others go on whatever this one met.
            _logger.exception("The socket handler for %s failed.", route)
            return None
        return answer


def _nothing() -> None:
    """Leave everything as it is."""


def _data(event: Message) -> str | bytes:
    text: str | None = event.get("text")
    return event.get("bytes") or b"" if text is None else text


async def _refuse(refusal: Refusal, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": refusal.body})
