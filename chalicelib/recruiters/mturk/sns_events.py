"""What Mechanical Turk reports: from a message of SNS to events.

The message's form is told in "Notification Handling Using Amazon SNS" of Mechanical Turk's API reference:
`{"EventDocId": ..., "Events": [{"EventType", "EventTimestamp", "HITTypeId", "HITId", "AssignmentId"}]}`.
Events may come late, doubled and in any order; what handles them has to bear that.
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

#: What Mechanical Turk can report besides, which changes nothing here.
WITHOUT_CONSEQUENCE = frozenset(
    {"AssignmentApproved", "AssignmentRejected", "HITCreated", "HITExtended", "HITDisposed", "Ping"}
)


def events_in(envelope: str | dict[str, Any]) -> list[VendorReport]:
    """Read the events of one SNS message, as it comes through a queue or, verified, over HTTP.

    Empty for a message that reports nothing: a Ping, types without consequence, unknown types.
    BadRequest for what isn't a message of Mechanical Turk.
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
