"""/recruiter-exit/<participant_id>: what the exit page needs to send somebody back."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.complete import exit_information

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/recruiter-exit/{participant_id}")
def recruiter_exit(call: Call) -> dict[str, Any]:
    """Return recruiter, status and assignment."""
    result: dict[str, Any] = call.run(exit_information, call.parameters.path_number("participant_id"))
    return result
