"""Limits the connections of a local run, and the time that a request may take to arrive.

One process serves all clients with a limited number of file descriptors, some of which the run's own files
need. So connections above a limit are closed at once, a single address can't take all of them, and requests
that arrive too slowly, or with too many headers, are rejected.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_logger = logging.getLogger("petri.local")

#: Descriptors reserved for the run itself: its database, journal, logs, and files of the author's code.
RESERVED = 128
#: Descriptors that a run requests from the system.
WANTED = 8192
#: The share of all connections that one address may hold.
SHARE_OF_ONE = 0.75
#: Seconds for a request's first line and headers, counted from the connection or from its first byte.
HEAD_TIME = 10.0
#: API Gateway allows 10,240 bytes; browsers also send the cookies of everything served on localhost.
MOST_HEAD = 16 * 1024
MOST_HEADERS = 100
#: Seconds until connections are accepted again after the process ran out of descriptors.
BACK_OFF = 1.0
#: Minimum seconds between two log entries about closed connections.
LOG_EVERY = 60.0
#: API Gateway's quotas, in bytes, for a message and for each of its frames; above, it closes with 1009.
MOST_MESSAGE = 128 * 1024
MOST_FRAME = 32 * 1024
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connections:
    """Counts the open connections, in total and per address."""

    def __init__(self, most: int | None = None) -> None:
        """`most`: the maximum number of open connections; the default depends on the process's limit."""
        self.most = most if most is not None else _descriptors() - RESERVED
        self.most_of_one = max(1, int(self.most * SHARE_OF_ONE))
        self._open: dict[asyncio.BaseTransport, str] = {}
        self._by_address: Counter[str] = Counter()
        self._logged = -LOG_EVERY

    def __len__(self) -> int:
        """Count the open connections."""
        return len(self._open)

    def opened(self, transport: asyncio.BaseTransport) -> bool:
        """Count a new connection; False when there are too many: the caller closes it."""
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if len(self._open) >= self.most or self._by_address[address] >= self.most_of_one:
            self.log_now_and_then(
                "Too many connections: %d are open. New connections are closed until others end.",
                len(self._open),
            )
            return False
        self._open[transport] = address
        self._by_address[address] += 1
        return True

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """Remove a connection that has ended."""
        address = self._open.pop(transport, None)
        if address is None:
            return
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def log_now_and_then(self, text: str, *values: object) -> None:
        """Log a warning at most once a minute, so that a flood doesn't fill the disk."""
        now = asyncio.get_running_loop().time()
        if now - self._logged >= LOG_EVERY:
            self._logged = now
            _logger.warning(text, *values)


def _descriptors() -> int:
    """Raise this process's limit on open files, and return it."""
    if sys.platform == "win32":
        return WANTED
    # Lazy import: the module doesn't exist on Windows.
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(2 * RESERVED, WANTED if soft == resource.RLIM_INFINITY else min(soft, WANTED))


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with the connection counter that its protocols share."""

    connections: Connections


class HttpProtocol(HttpToolsProtocol):
    """HTTP with limits on connections, on headers, and on the time until they arrive."""

    config: ServerConfig
    _timer: asyncio.TimerHandle | None = None
    _refusal: str = ""
    _is_counted = False
    _head_length = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, or close it."""
        super().connection_made(transport)
        self._is_counted = self.config.connections.opened(transport)
        if not self._is_counted:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the count."""
        self._stop_timer()
        self.config.connections.closed(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request, up to the limit of its head."""
        super().data_received(data)
        if self._timer is None or self.transport.is_closing():
            self._head_length = 0
            return
        self._head_length += len(data)
        if self._head_length > MOST_HEAD:
            self._refuse("431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Start the timeout for a request's head."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Reject a request with too many or too long headers."""
        self._stop_timer()
        length = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if length > MOST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refuse("431 Request Header Fields Too Large")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Read a part of the body, unless the request was rejected."""
        if not self._refusal:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Finish a request, unless it was rejected."""
        if not self._refusal:
            super().on_message_complete()

    def _await_head(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_TIME, self._refuse, "408 Request Timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: str) -> None:
        self._stop_timer()
        if self._refusal or self.transport.is_closing():
            return
        self._refusal = status
        text = f"{status[4:]}: the request's headers are too many or too slow.".encode()
        head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(text)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + text)
        self.transport.close()


class SocketProtocol(WebSocketsSansIOProtocol):
    """A socket with API Gateway's quotas, which can be dropped even if its page doesn't read."""

    config: ServerConfig

    def __init__(self, config: ServerConfig, *more: Any, **named: Any) -> None:
        super().__init__(config, *more, **named)
        self.conn.max_message_size, self.conn.max_fragment_size = MOST_MESSAGE, MOST_FRAME

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove the connection from the count."""
        self.config.connections.closed(self.transport)
        super().connection_lost(exc)

    async def run_asgi(self) -> None:
        """Serve the socket, and let the application abort it."""
        self.scope["state"]["abort"] = self.transport.abort
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        """Send an event of the application."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # uvicorn doesn't count a rejection as a response, and would log that none was sent.
            self.handshake_complete = True


async def accept(
    listener: socket.socket, protocol: Callable[[], asyncio.Protocol], connections: Connections
) -> None:
    """Accept connections until cancelled; wait a second when the process is out of descriptors.

    asyncio's own loop retries once per connection in the backlog before it waits, and logs each attempt.
    """
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[Any]] = set()
    listener.settimeout(0)
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except ConnectionError:
            continue
        except OSError as problem:
            if problem.errno not in _OUT_OF_DESCRIPTORS:
                raise
            connections.log_now_and_then(
                "Can't accept connections (%s). Close other programs, or raise `ulimit -n`.",
                problem.strerror,
            )
            await asyncio.sleep(BACK_OFF)
            continue
        task = loop.create_task(_open(loop, protocol, connection))
        opening.add(task)
        task.add_done_callback(opening.discard)


async def _open(
    loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol], connection: socket.socket
) -> None:
    try:
        await loop.connect_accepted_socket(protocol, connection)
    except OSError as problem:
        # The client has already disconnected.
        connection.close()
        _logger.debug("A connection ended before it began: %s", problem)
