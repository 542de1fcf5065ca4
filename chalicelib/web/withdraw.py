"""/withdraw: a participant leaves, with pay."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.complete import withdraw as leave

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/withdraw", ("POST",))
def withdraw(call: Call) -> dict[str, Any]:
    """Complete the participant with base pay, and fail what they made."""
    result: dict[str, Any] = call.run(leave, call.parameters.number("participant_id"))
    return result
