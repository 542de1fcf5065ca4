"""The sockets of dashboards: they listen to one channel, on which a ring says that something has changed.

A dashboard's page opens its socket with a ticket, since the socket may be at another host, which gets no
cookie. A ring carries no data, so that a socket that outlives its session shows nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.errors import Unauthorized
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.accounts.credentials.tickets import make_ticket, use_ticket, valid_ticket
from chalicelib.operations.shared.context import Context

from .channels import OPERATOR_CHANNEL, SOCKET_LIFETIME

OPENS_SOCKET: Final = "socket"
TICKET_LIFETIME: Final = timedelta(seconds=30)


def make_socket_ticket(ctx: Context, actor_id: str) -> str:
    """Return a ticket with which a page of the dashboard opens its socket, once, within 30 seconds."""
    return make_ticket(ctx, actor_id, TICKET_LIFETIME, purpose=OPENS_SOCKET)


def connect_dashboard(ctx: Context, connection_id: str, ticket: str) -> None:
    """Use up a ticket, and record a socket that listens to rings and may send nothing but heartbeats.

    Unauthorized when the ticket was used, has expired, or is for something else.
    """
    item = valid_ticket(ctx, ticket, purpose=OPENS_SOCKET)
    if item is None:
        raise Unauthorized(
            "This ticket has been used or has expired; ask for another.", code="ticket_invalid"
        )
    use_ticket(ctx, item)
    expires = int((ctx.now + SOCKET_LIFETIME).timestamp())
    listening = {"connection_id": connection_id, "participant_id": None, "expires": expires}
    ctx.uow.put_unconditional(keys.subscriber(OPERATOR_CHANNEL, connection_id), "subscriber", listening)
    ctx.uow.put_item(
        keys.connection(connection_id),
        "connection",
        {
            **listening,
            "serial": None,
            "channels": [OPERATOR_CHANNEL],
            "since": iso(ctx.now),
            "seen": iso(ctx.now),
            "listens_only": True,
        },
    )
