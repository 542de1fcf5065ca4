"""Whose page is open: sockets, heartbeats, and what follows when somebody is gone or comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.messages import CheckDisconnected
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context

from . import dropouts, waiting_rooms

#: A page that reloads is gone for a moment; this long nobody is told, in seconds.
RELOAD_SECONDS = 3.0
#: Pages find a host that was started again within this time, in seconds.
RESTART_SECONDS = 30.0


def socket_opened(ctx: Context, participant_id: int, connection_id: str, expires: int) -> None:
    """Take note of a participant's new socket; who was gone is back."""
    ctx.uow.put_unconditional(
        keys.participant_connection(participant_id, connection_id),
        "presence",
        {"connection_id": connection_id, "expires": expires},
    )
    participant = ctx.uow.participant(participant_id)
    waiting_rooms.refresh_waiting(ctx, participant, quiet=True)
    dropouts.record_return(ctx, participant)
    if dropouts.DONE_SINCE in participant.details:
        kept = {name: value for name, value in participant.details.items() if name != dropouts.DONE_SINCE}
        participant.details = kept


def socket_closed(ctx: Context, participant_id: int, connection_id: str, patience: float = 0.0) -> None:
    """Take note that a participant's socket has gone; whether they are, is looked at in a moment.

    `patience`: seconds for which the socket counts as there all the same.
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
    """See whether somebody whose socket closed has come back; if not, they leave room or group."""
    if open_sockets(ctx, participant_id):
        return
    participant = ctx.uow.participant(participant_id)
    entry = waiting_rooms.waiting_entry(ctx, participant_id)
    if entry is not None:
        waiting_rooms.remove_disconnected(ctx, participant, entry, since)
        return
    dropouts.record_disconnect(ctx, participant)


def heartbeat(ctx: Context, participant_id: int) -> None:
    """Take note of a heartbeat."""
    participant: Participant = ctx.uow.participant(participant_id)
    waiting_rooms.refresh_waiting(ctx, participant, quiet=False)
    dropouts.record_return(ctx, participant)


def open_sockets(ctx: Context, participant_id: int) -> list[str]:
    """Return a participant's open sockets."""
    now = ctx.now.timestamp()
    items: list[Any] = list(ctx.uow.items(*keys.participant_connections(participant_id)))
    return [item["connection_id"] for item in items if item["expires"] > now]


def surplus_connections(ctx: Context, participant_id: int, most: int) -> list[str]:
    """Return a participant's open sockets beyond a number, the oldest."""
    now = ctx.now.timestamp()
    items: list[Any] = [
        one for one in ctx.uow.items(*keys.participant_connections(participant_id)) if one["expires"] > now
    ]
    items.sort(key=lambda item: (item["expires"], item["connection_id"]))
    return [item["connection_id"] for item in items[: max(0, len(items) - most)]]
