"""/notifications: reports of recruiters, or of the operator, about assignments."""

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


#: The header that identifies each vendor's webhook; its recruiter verifies the signature.
VENDORS = {"x-amz-sns-message-type": "mturk", "x-prolific-request-signature": "prolific"}


@endpoint(routes, "/notifications", ("GET", "POST"))
def notifications(call: HttpCall) -> dict[str, Any]:
    """Record a report of a verified sender, and enqueue it."""
    for header, vendor in VENDORS.items():
        if call.headers.get(header) is not None:
            return from_vendor(call, vendor)
    parameters = call.parameters
    participant_id = parameters.text("participant_id")
    try:
        result: dict[str, Any] = call.run(
            record_notification,
            event_type=parameters.require("Event.1.EventType"),
            assignment_id=parameters.text("Event.1.AssignmentId") or "",
            participant_id=None if participant_id in (None, "") else parameters.number("participant_id"),
            hit_id=parameters.text("Event.1.HITId") or "",
        )
    except Unauthorized as error:
        raise Forbidden(
            "The sender of this notification could not be verified; send it with the operator's token.",
            code="unverified_sender",
        ) from error
    return result


def from_vendor(call: HttpCall, vendor: str) -> dict[str, Any]:
    """Verify a vendor's message, and record each report in it."""
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
    """Confirm a subscription, or record each report of a message, after verifying Amazon's signature."""
    return from_vendor(call, "mturk")


@endpoint(routes, "/prolific-submission-listener", ("POST",))
def prolific_submission_listener(call: HttpCall) -> dict[str, Any]:
    """Schedule a poll of Prolific about the submission; the page's claim alone isn't trusted."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        schedule_submission_check,
        "prolific",
        participant_id=parameters.number("participantId", "participant_id"),
        assignment_id=parameters.require(*ASSIGNMENT),
    )
    return result
