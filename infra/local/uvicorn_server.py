"""The server under the host: uvicorn, without an access log and without its own idea of signals."""

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

#: Seconds that open requests may take to end after the stop.
GRACE = 2
#: Connections that wait while the lane is at work: a room full of people clicks at once.
BACKLOG = 2048
_TAKEN = {errno.EADDRINUSE, errno.EACCES}


class AddressError(PetriError):
    """The address can't be listened on; choose another port, or 0 for any free one."""

    code = "address_taken"


class _Server(uvicorn.Server):
    """Leaves signals to the run, which has an outbox to empty and a file to close first."""

    def __init__(self, config: ServerConfig, listener: socket.socket) -> None:
        super().__init__(config)
        self._settings = config
        self._listener = listener
        self._accepting: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # Without sockets of its own, uvicorn listens to nothing: connections are accepted here.
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
    """Open the listening socket; port 0 takes a free one.

    Raises `AddressError` when another program has it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is said: asyncio switches Nagle's delay (40 ms an answer) off only where it is.
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
            f"{host}:{port} is in use or not allowed; give another --port, or 0 for any free one."
        ) from problem
    return listener


def listen_or_elsewhere(host: str, port: int) -> socket.socket:
    """Open the listening socket at a port that is only a preference: any free one does as well."""
    try:
        return listen(host, port)
    except AddressError:
        return listen(host, 0)


def url_of(listener: socket.socket) -> str:
    """Give the address that a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp, listener: socket.socket, stop: asyncio.Event, connections: Connections | None = None
) -> None:
    """Serve until `stop` is set, then let open requests end; `connections`: how many there may be."""
    config = ServerConfig(
        app,
        http=HttpProtocol,
        ws=SocketProtocol,
        # API Gateway neither compresses nor pings.
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        loop="asyncio",
        lifespan="off",
        # Addresses hold worker ids: what is logged about a request, its own structured line says.
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
