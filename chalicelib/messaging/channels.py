"""The in-process twin of API Gateway's management API: open sockets of the local host, by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Socket(Protocol):
    """One open socket of the local host."""

    def send(self, text: str) -> None:
        """Have a text sent; the socket's own task does it."""

    def close(self, code: int, reason: str) -> None:
        """Have the socket closed."""


class LocalChannels:
    """Knows the sockets that are open in this process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: dict[str, Socket] = {}

    def opened(self, connection_id: str, socket: Socket) -> None:
        """Take note of an open socket."""
        self._open[connection_id] = socket

    def closed(self, connection_id: str) -> None:
        """Forget a socket that has closed."""
        self._open.pop(connection_id, None)

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone."""
        gone = []
        for connection_id in connection_ids:
            socket = self._open.get(connection_id)
            if socket is None:
                gone.append(connection_id)
            else:
                socket.send(text)
        return gone

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; one that is gone already is fine."""
        socket = self._open.get(connection_id)
        if socket is not None:
            socket.close(code, reason)
