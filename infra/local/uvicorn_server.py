"""Serves the host with uvicorn, without its access log and its signal handlers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from chalicelib.errors import PetriError

from .connection_limits import Connections, HttpProtocol, ServerConfig, SocketProtocol, accept

#: Graceful shutdown: seconds that open requests may take to finish.
GRACE = 2
#: Connections that wait while the dispatcher is busy: a room full of participants clicks at once.
BACKLOG = 2048
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


class AddressError(PetriError):
    """The address is in use or not allowed; choose another port, or 0 for any free one."""

    code = "address_taken"


class _Server(uvicorn.Server):
    """Leaves signals to the run, which drains its outbox and closes its file first."""

    def __init__(self, config: ServerConfig, listener: socket.socket) -> None:
        super().__init__(config)
        self._settings = config
        self._listener = listener
        self._accepting: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn gets no sockets: connections are accepted here.
        await super().startup(sockets=sockets)
        self._accepting = asyncio.create_task(
            accept(self._listener, self._protocol, self._settings.connections)
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})
        self._listener.close()
        await super().shutdown(sockets=sockets)

    def _protocol(self) -> asyncio.Protocol:
        return HttpProtocol(
            config=self._settings, server_state=self.server_state, app_state=self.lifespan.state
        )


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 selects a free one.

    Raises `AddressError` when another program uses the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio disables Nagle's algorithm (40 ms per response) only if the protocol is explicit.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        if problem.errno not in _TAKEN:
            raise
        raise AddressError(
            f"{host}:{port} is in use or not allowed; choose another --port, or 0 for any free one."
        ) from problem
    return listener


def listen_or_elsewhere(host: str, port: int) -> socket.socket:
    """Open the listening socket on a preferred port, or on any free one."""
    try:
        return listen(host, port)
    except AddressError:
        return listen(host, 0)


def url_of(listener: socket.socket) -> str:
    """Return the address for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp, listener: socket.socket, stop: asyncio.Event, connections: Connections | None = None
) -> None:
    """Serve until `stop` is set, then let open requests finish; `connections`: the limits."""
    config = ServerConfig(
        app,
        http=HttpProtocol,
        ws=SocketProtocol,
        # API Gateway neither compresses nor pings.
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        loop="asyncio",
        lifespan="off",
        # Addresses contain worker ids; each request has its own structured log entry without them.
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    config.connections = Connections() if connections is None else connections
    server = _Server(config, listener)
    serving = asyncio.create_task(server.serve(sockets=[]))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    server.should_exit = True
    await serving
