"""Sockets of a deployed app, whose address is known only once its APIs are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .gateway_channels import GatewayChannels


class SiteChannels:
    """Looks the WebSocket API's address up when the first text is sent: most functions send none."""

    def __init__(self, endpoint: Callable[[], str], region: str) -> None:
        """`endpoint` gives the https address of the WebSocket API's stage."""
        self._endpoint = endpoint
        self._region = region
        self._made: GatewayChannels | None = None

    def send(self, connection_ids: Sequence[str], text: str) -> list[str]:
        """Send a text to each connection; return those that are gone."""
        return self._channels().send(connection_ids, text)

    def disconnect(self, connection_id: str, code: int, reason: str) -> None:
        """Close a connection; one that is gone already is fine."""
        self._channels().disconnect(connection_id, code, reason)

    def _channels(self) -> GatewayChannels:
        if self._made is None:
            # Put off: threads and TLS for those who send.
            from .gateway_channels import GatewayChannels

            self._made = GatewayChannels(self._endpoint(), self._region)
        return self._made
