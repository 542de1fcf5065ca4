"""/waiting-room/<participant_id>: how far the participant's room is."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.waiting_room import look_at_waiting_room
from chalicelib.web.door import Call, door

routes = Blueprint(__name__)


@door(routes, "/waiting-room/{participant_id}")
def waiting_room(call: Call) -> dict[str, Any]:
    """Return the state of the room that the participant waits for or is in."""
    result: dict[str, Any] = call.run(look_at_waiting_room, call.parameters.path_number("participant_id"))
    return result
