"""Stores open sockets, and finds those that have expired without being closed.

connections#<shard>   <connection>        its participant, its channels, its last heartbeat
channel#<name>        conn#<connection>   a subscriber of the channel
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

#: A page that has sent heartbeats and then none for this long is gone, even if its socket is open. In
#: seconds: browsers let a page in the background send one heartbeat a minute.
SILENT = 90.0
#: Heartbeats are stored at most this often, in seconds.
STORE_INTERVAL = 20.0
#: API Gateway responds 410 for a socket that isn't quite open yet; below this age, in seconds, it isn't
#: forgotten.
YOUNG = 10.0


def connection_of(ctx: Context, connection_id: str) -> dict[str, Any]:
    """Return the record of an open socket; NotFound when there is none."""
    connection = ctx.uow.item(keys.connection(connection_id))
    if connection is None:
        raise NotFound("This connection is not open; connect again.", code="not_connected")
    return dict(connection)


class SocketEnded(Forbidden):
    """This socket has ended: its token, its lifetime, or its participant's part is over."""

    code = "socket_ended"


def open_connection(ctx: Context, connection_id: str) -> dict[str, Any]:
    """Return the record of an open, valid socket; SocketEnded when its token or its lifetime has expired."""
    connection = connection_of(ctx, connection_id)
    if connection["expires"] <= ctx.now.timestamp():
        raise SocketEnded("This socket has expired; connect again.")
    if connection.get("participant_id") is not None:
        check_holder(ctx, connection["participant_id"], connection.get("serial"))
    return connection


def check_holder(ctx: Context, participant_id: int, serial: int | None) -> None:
    """Refuse a socket of a participant whose part is over, or whose page was opened again elsewhere.

    `serial`: the serial of the token that opened it; None where it needed none.
    """
    holder = ctx.uow.participant(participant_id)
    if holder.status not in ACTIVE:
        raise SocketEnded("Your part in this study has ended, so this connection is closed.")
    if serial is not None and holder.token_serial != serial:
        raise SocketEnded("The page was opened again elsewhere. Continue there, or reload.")


def _is_over(ctx: Context, connection: Mapping[str, Any]) -> bool:
    if connection.get("participant_id") is None:
        return False
    try:
        check_holder(ctx, connection["participant_id"], connection.get("serial"))
    except (SocketEnded, NotFound):
        return True
    return False


def change(ctx: Context, connection: Mapping[str, Any], **fields: Any) -> None:
    """Change fields of an open socket's record, if it hasn't changed meanwhile."""
    stored = {name: value for name, value in connection.items() if name not in ("pk", "sk", "kind", "v")}
    ctx.uow.put_if_unchanged(keys.connection(connection["connection_id"]), "connection", {**stored, **fields})


def record_beat(ctx: Context, connection: Mapping[str, Any]) -> None:
    """Store a heartbeat, at most every few seconds; after the first one, a silent page counts as gone."""
    last = moment(connection["seen"])
    if connection.get("beats") and last and (ctx.now - last).total_seconds() < STORE_INTERVAL:
        return
    change(ctx, connection, beats=True, seen=iso(ctx.now))


def is_young(ctx: Context, connection: Mapping[str, Any]) -> bool:
    """Whether a socket was opened a moment ago."""
    since = moment(connection["since"])
    return since is not None and ctx.now - since < timedelta(seconds=YOUNG)


def all_connections(ctx: Context) -> list[str]:
    """Return the ids of all sockets that are recorded as open."""
    return [item["connection_id"] for item in _all(ctx)]


def expired_connections(ctx: Context) -> list[str]:
    """Return the sockets to close: silent after a heartbeat, expired, or of participants who have ended."""
    oldest = iso(ctx.now - timedelta(seconds=SILENT))
    now = ctx.now.timestamp()
    sockets = _all(ctx)
    holders = {item["participant_id"] for item in sockets if item.get("participant_id") is not None}
    ctx.uow.prefetch(more=[keys.participant(one) for one in sorted(holders)])
    return [
        item["connection_id"]
        for item in sockets
        if item["expires"] <= now or (item.get("beats") and item["seen"] < oldest) or _is_over(ctx, item)
    ]


def _all(ctx: Context) -> list[Mapping[str, Any]]:
    return [item for shard in range(keys.SHARDS) for item in ctx.uow.items(keys.connections(shard))]
