"""Whose page is open: sockets, heartbeats, and what follows when somebody is gone or comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.messages import CheckDisconnected
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations import dropouts, rooms
from chalicelib.operations.unit import Unit

#: A page that reloads is gone for a moment; this long nobody is told, in seconds.
RELOAD = 3.0
#: Pages find a host that was started again within this time, in seconds.
RESTART = 30.0


def arrived(unit: Unit, participant_id: int, connection_id: str, expires: int) -> None:
    """Take note of a participant's new socket; who was gone is back."""
    unit.work.put_anyway(
        _key(participant_id, connection_id), "presence", {"connection_id": connection_id, "expires": expires}
    )
    participant = unit.work.participant(participant_id)
    rooms.come_back_to_lobby(unit, participant, quiet=True)
    dropouts.note_return(unit, participant)
    if dropouts.DONE in participant.details:
        kept = {name: value for name, value in participant.details.items() if name != dropouts.DONE}
        participant.details = kept


def left(unit: Unit, participant_id: int, connection_id: str, patience: float = 0.0) -> None:
    """Take note that a participant's socket has gone; whether they are, is looked at in a moment.

    `patience`: seconds for which the socket counts as there all the same.
    """
    if patience:
        until = int((unit.now + timedelta(seconds=patience)).timestamp())
        fields = {"connection_id": connection_id, "expires": until}
        unit.work.put_anyway(_key(participant_id, connection_id), "presence", fields)
    else:
        unit.work.delete_item(_key(participant_id, connection_id))
    grace = float(unit.experiment.dropout_grace)
    if rooms.waiting_entry(unit, participant_id) is not None:
        grace = min(RELOAD, grace)
    unit.work.post(
        CheckDisconnected(participant_id, iso(unit.now)),
        due=unit.now + timedelta(seconds=max(grace, patience)),
    )


def check_gone(unit: Unit, participant_id: int, since: str) -> None:
    """See whether somebody whose socket closed has come back; if not, they leave room or group."""
    if connections(unit, participant_id):
        return
    participant = unit.work.participant(participant_id)
    entry = rooms.waiting_entry(unit, participant_id)
    if entry is not None:
        rooms.lose_socket(unit, participant, entry, since)
        return
    dropouts.note_loss(unit, participant)


def seen(unit: Unit, participant_id: int) -> None:
    """Take note of a heartbeat."""
    participant: Participant = unit.work.participant(participant_id)
    rooms.come_back_to_lobby(unit, participant, quiet=False)
    dropouts.note_return(unit, participant)


def connections(unit: Unit, participant_id: int) -> list[str]:
    """Return a participant's open sockets."""
    now = unit.now.timestamp()
    items: list[Any] = list(unit.work.items(f"part#{participant_id}", "conn#"))
    return [item["connection_id"] for item in items if item["expires"] > now]


def oldest_beyond(unit: Unit, participant_id: int, most: int) -> list[str]:
    """Return a participant's open sockets beyond a number, the oldest."""
    now = unit.now.timestamp()
    items: list[Any] = [
        one for one in unit.work.items(f"part#{participant_id}", "conn#") if one["expires"] > now
    ]
    items.sort(key=lambda item: (item["expires"], item["connection_id"]))
    return [item["connection_id"] for item in items[: max(0, len(items) - most)]]


def _key(participant_id: int, connection_id: str) -> tuple[str, str]:
    return f"part#{participant_id}", f"conn#{connection_id}"
