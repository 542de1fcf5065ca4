"""/tracking_event: what pages report about themselves."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.track_event import track_event

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/tracking_event/{node_id}", ("POST",))
def tracking_event(call: Call) -> dict[str, Any]:
    """Keep an event at a node."""
    given = call.parameters
    result: dict[str, Any] = call.run(track_event, given.path_number("node_id"), given.details())
    return result
