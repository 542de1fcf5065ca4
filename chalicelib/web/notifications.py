"""/notifications: a recruiter, or the operator in its place, reports about an assignment."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import services
from chalicelib.model.errors import Forbidden, Unauthorized
from chalicelib.operations.notify import notify
from chalicelib.operations.unit import THE_OPERATOR

from .door import Call, door

routes = Blueprint(__name__)


#: By which header a vendor's own messages are told; its recruiter verifies the signature.
VENDORS = {"x-amz-sns-message-type": "mturk", "x-prolific-request-signature": "prolific"}


@door(routes, "/notifications", ("GET", "POST"))
def notifications(call: Call) -> dict[str, Any]:
    """Keep a report and queue it; only from a verified sender."""
    for header, vendor in VENDORS.items():
        if call.headers.get(header) is not None:
            return from_vendor(call, vendor)
    given = call.parameters
    participant_id = given.text("participant_id")
    try:
        result: dict[str, Any] = call.run(
            notify,
            event_type=given.needed("Event.1.EventType"),
            assignment_id=given.text("Event.1.AssignmentId") or "",
            participant_id=None if participant_id in (None, "") else given.number("participant_id"),
            hit_id=given.text("Event.1.HITId") or "",
        )
    except Unauthorized as error:
        raise Forbidden(
            "This report comes from nobody we can verify; send it with the operator's token.",
            code="unverified_sender",
        ) from error
    return result


def from_vendor(call: Call, vendor: str) -> dict[str, Any]:
    """Have a vendor's message verified, and keep each report in it."""
    app = services.current()
    for report in app.recruiters.receive(vendor, dict(call.headers), call.body):
        app.run(
            notify,
            report.event_type,
            report.assignment_id,
            None,
            vendor,
            hit_id=report.hit_id,
            at=report.at,
            caller=THE_OPERATOR,
        )
    return {}
