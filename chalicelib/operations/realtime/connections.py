"""Where open sockets are kept, and when one is taken for dead though nobody closed it.

connections#<shard>   <connection>   whose it is, what it listens to, when it was last heard of
channel#<name>        conn#<connection>   who gets what is said there
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.errors import Forbidden, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.model.statuses import ACTIVE
from chalicelib.operations.shared.context import Context

#: A page that beat its heart and is silent for so long is gone, whatever the line says. In seconds: browsers
#: let a page in the background beat once a minute.
SILENT = 90.0
#: Heartbeats are written down at most this often, in seconds.
WRITTEN_EVERY = 20.0
#: API Gateway answers 410 for a socket that isn't quite open yet; until this age it isn't given up.
YOUNG = 10.0


def connection_of(ctx: Context, connection_id: str) -> dict[str, Any]:
    """Return what is known of an open socket; NotFound for one that isn't."""
    connection = ctx.uow.item(keys.connection(connection_id))
    if connection is None:
        raise NotFound("This connection isn't known (any more); connect again.", code="not_connected")
    return dict(connection)


class SocketEnded(Forbidden):
    """This socket has ended: its token, its time, or its participant's part is over."""

    code = "socket_ended"


def open_connection(ctx: Context, connection_id: str) -> dict[str, Any]:
    """Return an open socket that may be heard; SocketEnded for one that has outlived what let it in."""
    connection = connection_of(ctx, connection_id)
    if connection["expires"] <= ctx.now.timestamp():
        raise SocketEnded("This socket's time is over; connect again.")
    if connection.get("participant_id") is not None:
        check_holder(ctx, connection["participant_id"], connection.get("serial"))
    return connection


def check_holder(ctx: Context, participant_id: int, serial: int | None) -> None:
    """Refuse a socket of a participant whose part is over, or whose page was opened again elsewhere.

    `serial`: of the token that it was opened with; None where it needed none.
    """
    holder = ctx.uow.participant(participant_id)
    if holder.status not in ACTIVE:
        raise SocketEnded("Your part in this study is over, and so is this connection.")
    if serial is not None and holder.token_serial != serial:
        raise SocketEnded("The page was opened again elsewhere. Go on there, or reload.")


def _is_over(ctx: Context, connection: Mapping[str, Any]) -> bool:
    if connection.get("participant_id") is None:
        return False
    try:
        check_holder(ctx, connection["participant_id"], connection.get("serial"))
    except (SocketEnded, NotFound):
        return True
    return False


def change(ctx: Context, connection: Mapping[str, Any], **fields: Any) -> None:
    """Write what has changed about an open socket, if nobody else changed it meanwhile."""
    kept = {name: value for name, value in connection.items() if name not in ("pk", "sk", "kind", "v")}
    ctx.uow.put_if_unchanged(keys.connection(connection["connection_id"]), "connection", {**kept, **fields})


def record_beat(ctx: Context, connection: Mapping[str, Any]) -> None:
    """Write down a heartbeat, now and then; from the first one on, silence means something."""
    last = moment(connection["seen"])
    if connection.get("beats") and last and (ctx.now - last).total_seconds() < WRITTEN_EVERY:
        return
    change(ctx, connection, beats=True, seen=iso(ctx.now))


def is_young(ctx: Context, connection: Mapping[str, Any]) -> bool:
    """Whether a socket was opened only just now."""
    since = moment(connection["since"])
    return since is not None and ctx.now - since < timedelta(seconds=YOUNG)


def all_connections(ctx: Context) -> list[str]:
    """Return the ids of all sockets that are taken for open."""
    return [item["connection_id"] for item in _all(ctx)]


def expired_connections(ctx: Context) -> list[str]:
    """Return sockets to be closed: silent after a heartbeat, past their time, or of those who left."""
    oldest = iso(ctx.now - timedelta(seconds=SILENT)) or ""
    now = ctx.now.timestamp()
    found = _all(ctx)
    holders = {item["participant_id"] for item in found if item.get("participant_id") is not None}
    ctx.uow.prefetch(more=[keys.participant(one) for one in sorted(holders)])
    return [
        item["connection_id"]
        for item in found
        if item["expires"] <= now or (item.get("beats") and item["seen"] < oldest) or _is_over(ctx, item)
    ]


def _all(ctx: Context) -> list[Mapping[str, Any]]:
    return [item for shard in range(keys.SHARDS) for item in ctx.uow.items(keys.connections(shard))]
