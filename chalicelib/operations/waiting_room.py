"""A page in the waiting room asks how far it is; asking is being there."""

from __future__ import annotations

from typing import Any

from chalicelib.operations import rooms
from chalicelib.operations.access import own_participant
from chalicelib.operations.unit import Unit


def look_at_waiting_room(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Return q, n, overrecruited, since when the participant waits, and the room once it has opened."""
    participant = own_participant(unit, participant_id)
    rooms.come_back_to_lobby(unit, participant)
    return {"quorum": rooms.standing(unit, participant_id)}
