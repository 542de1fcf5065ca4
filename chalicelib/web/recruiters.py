"""/notifications: a recruiter, or the operator in its place, reports about an assignment."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import services
from chalicelib.errors import Forbidden, Unauthorized
from chalicelib.operations.participant.deadlines import schedule_submission_check
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.shared.context import OPERATOR_CALLER

from .participants import ASSIGNMENT
from .routing import HttpCall, endpoint

routes = Blueprint(__name__)


#: By which header a vendor's own messages are told; its recruiter verifies the signature.
VENDORS = {"x-amz-sns-message-type": "mturk", "x-prolific-request-signature": "prolific"}


@endpoint(routes, "/notifications", ("GET", "POST"))
def notifications(call: HttpCall) -> dict[str, Any]:
    """Keep a report and queue it; only from a verified sender."""
    for header, vendor in VENDORS.items():
        if call.headers.get(header) is not None:
            return from_vendor(call, vendor)
    given = call.parameters
    participant_id = given.text("participant_id")
    try:
        result: dict[str, Any] = call.run(
            record_notification,
            event_type=given.require("Event.1.EventType"),
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


def from_vendor(call: HttpCall, vendor: str) -> dict[str, Any]:
    """Have a vendor's message verified, and keep each report in it."""
    app = services.current()
    for report in app.recruiters.receive(vendor, dict(call.headers), call.body):
        app.run(
            record_notification,
            report.event_type,
            report.assignment_id,
            None,
            vendor,
            hit_id=report.hit_id,
            at=report.at,
            caller=OPERATOR_CALLER,
        )
    return {}


@endpoint(routes, "/mturk-sns-listener", ("GET", "POST"))
def mturk_sns_listener(call: HttpCall) -> dict[str, Any]:
    """Confirm a subscription, or keep each report in a message; only when Amazon signed it."""
    return from_vendor(call, "mturk")


@endpoint(routes, "/prolific-submission-listener", ("POST",))
def prolific_submission_listener(call: HttpCall) -> dict[str, Any]:
    """Have Prolific asked about the submission in a moment: what it answers counts, not the page."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        schedule_submission_check,
        "prolific",
        participant_id=given.number("participantId", "participant_id"),
        assignment_id=given.require(*ASSIGNMENT),
    )
    return result
