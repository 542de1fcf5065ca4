"""Gives a page of the dashboard the address of its socket, with a ticket that opens it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from chalicelib import services
from chalicelib.errors import VendorError
from chalicelib.operations.realtime.dashboard_sockets import make_socket_ticket

from .page_call import Rendered
from .sessions import DashboardSession

TAB: Final = "doorbell"
#: A host with its port: nothing else of a header gets into the content security policy.
_HOST: Final = re.compile(r"[a-z0-9.-]{1,100}(:[0-9]{1,5})?")


def answer_doorbell(session: DashboardSession, headers: Mapping[str, str]) -> Rendered:
    """Return the address with which this page opens its socket once, within 30 seconds."""
    ticket = services.current().run(make_socket_ticket, session.actor.id)
    address = f"{_socket_address(headers)}?{urlencode({'ticket': ticket})}"
    return Rendered(json.dumps({"address": address}), headers={"Content-Type": "application/json"})


def socket_origin(headers: Mapping[str, str]) -> str:
    """Return scheme and host of the socket, for the content security policy; "" when it isn't known."""
    scheme, _, rest = _socket_address(headers).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else ""


def _socket_address(headers: Mapping[str, str]) -> str:
    """Return the socket's address: a deployed app's is at API Gateway, a local run's at the same host."""
    sockets_url = services.current().sockets_url
    if sockets_url is None:
        host = (headers.get("host") or "").strip().lower()
        return f"ws://{host}/chat" if _HOST.fullmatch(host) else ""
    try:
        return sockets_url()
    except VendorError:
        # The deployment isn't finished; the page asks again.
        return ""
