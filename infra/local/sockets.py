"""Serves the sockets of a local run: `/chat` behaves like API Gateway's WebSocket API.

It calls the same handlers as Lambda does. Each connection is one task on the event loop: its events are
handled in order, and the task yields to others between two of them.
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
    """The HTTP response to a refused connection, instead of the upgrade."""

    status: int
    body: bytes


NOTHING_HERE = Refusal(404, b'{"status": "error", "error_code": "not_found"}')
#: API Gateway's response when a handler fails.
HANDLER_FAILED = Refusal(502, b'{"message": "Internal server error"}')


class Sockets:
    """Accepts sockets, passes their events to the handlers, and registers the open ones."""

    def __init__(self, app: Chalice, registry: LocalChannels, limits: SocketLimits | None = None) -> None:
        """`app`: the Chalice app of app.py; `registry`: the open sockets, for senders."""
        # Without this, Chalice requires a region for sending, which isn't used here.
        app.websocket_api.configure("localhost", STAGE)
        self._handlers: Mapping[str, Callable[..., Any]] = {
            route: app.handler_map[declared.name] for route, declared in app.websocket_handlers.items()
        }
        self._registry = registry
        self._limits = limits or SocketLimits()
        self._host_is_going = False
        #: called after an event was handled, to process the messages that it left
        self.after_event: Callable[[], None] = _nothing

    def host_is_going(self) -> None:
        """Send no $disconnect events from now on: sockets close because the server stops."""
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
        connection = SocketConnection(self._limits, abort=scope["state"].get("abort", _nothing))
        self._registry.opened(visit.id, connection)
        self.after_event()
        code, reason = CLOSED_ABNORMALLY, ""
        try:
            await send({"type": "websocket.accept"})
            code, reason = await self._serve(visit, connection, receive, send)
        finally:
            self._registry.closed(visit.id)
            connection.end()
            if not self._host_is_going:
                self._call("$disconnect", disconnect_event(visit, code, reason))
                self.after_event()

    async def _serve(
        self, visit: Visit, connection: SocketConnection, receive: Receive, send: Send
    ) -> tuple[int, str]:
        """Receive and send until the connection ends; return its close code and reason."""
        receiving = asyncio.create_task(self._receive(visit, connection, receive))
        writing = asyncio.create_task(connection.write(send))
        broken = asyncio.create_task(connection.broken.wait())
        try:
            await asyncio.wait({receiving, writing, broken}, return_when=asyncio.FIRST_COMPLETED)
            if connection.broken.is_set():
                return connection.closed_with or (CLOSED_ABNORMALLY, "")
            if not receiving.done():
                # The server has closed it; wait for the disconnect event.
                await asyncio.wait({receiving, broken}, return_when=asyncio.FIRST_COMPLETED)
            return connection.closed_with or (
                receiving.result() if receiving.done() else (CLOSED_ABNORMALLY, "")
            )
        finally:
            for task in (receiving, writing, broken):
                task.cancel()
            await asyncio.gather(receiving, writing, broken, return_exceptions=True)

    async def _receive(self, visit: Visit, connection: SocketConnection, receive: Receive) -> tuple[int, str]:
        """Handle frames in order, yielding to other tasks between two of them."""
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return event.get("code") or CLOSED_ABNORMALLY, event.get("reason") or ""
            connection.used()
            if not connection.is_closing:
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
        """Call a handler, as Lambda does; None when it raises."""
        try:
            answer: dict[str, Any] = self._handlers[route](
                event, LocalContext(event["requestContext"]["requestId"])
            )
        except Exception:
            # The outermost handler: an unexpected error here must not affect other connections.
            _logger.exception("The socket handler for %s failed.", route)
            return None
        return answer


def _nothing() -> None:
    """Do nothing."""


def _data(event: Message) -> str | bytes:
    text: str | None = event.get("text")
    return event.get("bytes") or b"" if text is None else text


async def _refuse(refusal: Refusal, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    start = {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
    await send(start)
    await send({"type": "websocket.http.response.body", "body": refusal.body})
