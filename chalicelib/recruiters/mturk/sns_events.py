"""Parses Mechanical Turk's events from SNS messages.

"Notification Handling Using Amazon SNS" in Mechanical Turk's API reference describes the format:
`{"EventDocId": ..., "Events": [{"EventType", "EventTimestamp", "HITTypeId", "HITId", "AssignmentId"}]}`.
Events may arrive late, twice and in any order, so their handlers are idempotent.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from chalicelib.errors import BadRequest
from chalicelib.ports import VendorReport

from .hits import EVENTS

logger = logging.getLogger("petri.mturk")

#: Other types of Mechanical Turk's events, which change nothing here.
WITHOUT_CONSEQUENCE = frozenset(
    {"AssignmentApproved", "AssignmentRejected", "HITCreated", "HITExtended", "HITDisposed", "Ping"}
)


def events_in(envelope: str | dict[str, Any]) -> list[VendorReport]:
    """Parse the events of one SNS message from the queue or, verified, from HTTP.

    Empty for a message without relevant events: a Ping, ignored types, unknown types.
    BadRequest for a message that isn't Mechanical Turk's.
    """
    outer = _object(envelope)
    inner = _object(outer["Message"]) if "Message" in outer else outer
    events = inner.get("Events")
    if not isinstance(events, list):
        raise BadRequest("This is not a message of Mechanical Turk: it has no list of Events.")
    return [event for one in events if (event := _event(one)) is not None]


def _event(given: Any) -> VendorReport | None:
    fields = given if isinstance(given, dict) else {}
    event_type = fields.get("EventType")
    if not isinstance(event_type, str):
        raise BadRequest("An event of this message has no EventType.")
    if event_type not in EVENTS:
        if event_type not in WITHOUT_CONSEQUENCE:
            logger.warning("Mechanical Turk reports %r, which is unknown here; it is ignored", event_type)
        return None
    assignment_id, hit_id = (str(fields.get(name) or "") for name in ("AssignmentId", "HITId"))
    if not assignment_id and event_type.startswith("Assignment"):
        raise BadRequest(f"A report of {event_type} names no assignment.")
    return VendorReport(event_type, assignment_id, hit_id, _moment(fields.get("EventTimestamp")))


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _object(text: Any) -> dict[str, Any]:
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except ValueError as error:
            raise BadRequest("This is not a message of Mechanical Turk: it is not valid JSON.") from error
    if not isinstance(text, dict):
        raise BadRequest("This is not a message of Mechanical Turk: it is not a JSON object.")
    return text
