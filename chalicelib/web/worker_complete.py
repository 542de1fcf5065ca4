"""/worker_complete: a participant has come to the end."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.complete import complete_participation

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/worker_complete", ("GET", "POST"))
def worker_complete(call: Call) -> dict[str, Any]:
    """Note it; what follows is done by the worker, once."""
    result: dict[str, Any] = call.run(complete_participation, call.parameters.number("participant_id"))
    return result
