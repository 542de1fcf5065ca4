"""A page in the waiting room asks how far it is; asking is being there."""

from __future__ import annotations

from typing import Any

from chalicelib.operations import crowds, rooms
from chalicelib.operations.access import own_participant
from chalicelib.operations.unit import Unit


def look_at_waiting_room(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Return q, n, overrecruited, since when the participant waits, and the room once it has opened.

    `look_after`: after how many seconds the page is to look again.
    """
    participant = own_participant(unit, participant_id)
    rooms.come_back_to_lobby(unit, participant)
    standing = rooms.standing(unit, participant_id)
    people = 0 if "room" in standing else len(rooms.lobby(unit))
    return {"quorum": standing, "look_after": crowds.look_again(people)}
