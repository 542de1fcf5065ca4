"""Defines the in-process twin of API Gateway's management API: the local host's open sockets, by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.errors import VendorError

#: The longest message that API Gateway sends.
MOST_BYTES = 128 * 1024


class SocketHandle(Protocol):
    """One open socket of the local host."""

    def send(self, text: str) -> None:
        """Queue a text; the socket's own task sends it."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket; its own task does it."""


class LocalChannels:
    """Registry of the sockets that are open in this process."""

    def __init__(self) -> None:
        """Create an empty registry."""
        self._open: dict[str, SocketHandle] = {}

    def opened(self, connection_id: str, socket: SocketHandle) -> None:
        """Register an open socket."""
        self._open[connection_id] = socket

    def closed(self, connection_id: str) -> None:
        """Remove a socket that has closed."""
        self._open.pop(connection_id, None)

    def has(self, connection_id: str) -> bool:
        """Whether a socket is open."""
        return connection_id in self._open

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone.

        VendorError when it is too long for API Gateway.
        """
        check_length(text.encode())
        gone = []
        for connection_id in connection_ids:
            socket = self._open.get(connection_id)
            if socket is None:
                gone.append(connection_id)
            else:
                socket.send(text)
        return gone

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; one that is already gone is ignored."""
        socket = self._open.get(connection_id)
        if socket is not None:
            socket.close(code, reason)


def check_length(data: bytes) -> None:
    """Refuse a message that API Gateway would refuse, before it is sent to any socket."""
    if len(data) > MOST_BYTES:
        raise VendorError(
            f"A message of {len(data)} bytes can't be sent to sockets; {MOST_BYTES} is the most. "
            "Send where the data can be asked for, or send it in parts."
        )
