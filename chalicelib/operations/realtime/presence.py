"""Tracks which participants are present, by sockets and heartbeats, and handles leaving and returning."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.messages import CheckDisconnected
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

from . import dropouts, waiting_rooms

#: A page that reloads is gone for a moment; for this many seconds no dropout is recorded.
RELOAD_SECONDS = 3.0
#: Pages reconnect to a restarted host within this time, in seconds.
RESTART_SECONDS = 30.0


def socket_opened(ctx: Context, participant_id: int, connection_id: str, expires: int) -> None:
    """Record a participant's new socket, which ends their absence."""
    ctx.uow.put_unconditional(
        keys.participant_connection(participant_id, connection_id),
        "presence",
        {"connection_id": connection_id, "expires": expires},
    )
    participant = ctx.uow.participant(participant_id)
    waiting_rooms.refresh_waiting(ctx, participant, quiet=True)
    dropouts.record_return(ctx, participant)
    if dropouts.DONE_SINCE in participant.details:
        details = {name: value for name, value in participant.details.items() if name != dropouts.DONE_SINCE}
        participant.details = details


def socket_closed(ctx: Context, participant_id: int, connection_id: str, patience: float = 0.0) -> None:
    """Record that a participant's socket has closed, and schedule the check whether they have left.

    `patience`: seconds for which the socket still counts as open.
    """
    if patience:
        until = int((ctx.now + timedelta(seconds=patience)).timestamp())
        fields = {"connection_id": connection_id, "expires": until}
        ctx.uow.put_unconditional(
            keys.participant_connection(participant_id, connection_id), "presence", fields
        )
    else:
        ctx.uow.delete_item(keys.participant_connection(participant_id, connection_id))
    grace = float(ctx.experiment.dropout_grace)
    if waiting_rooms.waiting_entry(ctx, participant_id) is not None:
        grace = min(RELOAD_SECONDS, grace)
    ctx.uow.post(
        CheckDisconnected(participant_id, iso(ctx.now)),
        due=ctx.now + timedelta(seconds=max(grace, patience)),
    )


def check_disconnected(ctx: Context, participant_id: int, since: str) -> None:
    """Check whether a participant whose socket closed has reconnected; if not, they leave room or group."""
    if open_sockets(ctx, participant_id):
        return
    participant = ctx.uow.participant(participant_id)
    entry = waiting_rooms.waiting_entry(ctx, participant_id)
    if entry is not None:
        waiting_rooms.remove_disconnected(ctx, participant, entry, since)
        return
    dropouts.record_disconnect(ctx, participant)


def heartbeat(ctx: Context, participant_id: int) -> None:
    """Record a heartbeat."""
    participant: Participant = ctx.uow.participant(participant_id)
    waiting_rooms.refresh_waiting(ctx, participant, quiet=False)
    dropouts.record_return(ctx, participant)


def open_sockets(ctx: Context, participant_id: int) -> list[str]:
    """Return a participant's open sockets, in the order in which they expire."""
    now = ctx.now.timestamp()
    items: list[Any] = list(ctx.uow.items(*keys.participant_connections(participant_id)))
    items.sort(key=lambda item: (item["expires"], item["connection_id"]))
    return [item["connection_id"] for item in items if item["expires"] > now]


def surplus_connections(ctx: Context, participant_id: int, most: int) -> list[str]:
    """Return a participant's oldest open sockets beyond a number."""
    sockets = open_sockets(ctx, participant_id)
    return sockets[: max(0, len(sockets) - most)]
