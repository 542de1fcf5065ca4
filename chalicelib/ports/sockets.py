"""Sends to open WebSocket connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Channels(Protocol):
    """Sends to open sockets, as API Gateway's management API does."""

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return the ids of closed connections (410)."""

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; closing one that is closed already does nothing."""
