"""/worker_failed: a participant has come to the end, without success."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.complete import fail_participation

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/worker_failed", ("GET", "POST"))
def worker_failed(call: Call) -> dict[str, Any]:
    """Note it; what follows is done by the worker, once."""
    result: dict[str, Any] = call.run(fail_participation, call.parameters.number("participant_id"))
    return result
