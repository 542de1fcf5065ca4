"""/notifications: a recruiter, or the operator in its place, reports about an assignment."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.model.errors import Forbidden, Unauthorized
from chalicelib.operations.notify import notify

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/notifications", ("GET", "POST"))
def notifications(call: Call) -> dict[str, Any]:
    """Keep a report and queue it; only from a verified sender."""
    given = call.parameters
    participant_id = given.text("participant_id")
    try:
        result: dict[str, Any] = call.run(
            notify,
            event_type=given.needed("Event.1.EventType"),
            assignment_id=given.text("Event.1.AssignmentId") or "",
            participant_id=None if participant_id in (None, "") else given.number("participant_id"),
        )
    except Unauthorized as error:
        raise Forbidden(
            "This report comes from nobody we can verify; send it with the operator's token.",
            code="unverified_sender",
        ) from error
    return result
