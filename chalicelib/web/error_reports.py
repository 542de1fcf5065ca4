"""/handle-error: a participant met an error and tells us."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.errors import Unauthorized
from chalicelib.operations.participant.completion import report_error
from chalicelib.operations.shared.context import PARTICIPANT

from .participants import WORKER
from .routing import HttpCall, endpoint

routes = Blueprint(__name__)
#: Reports are for a person to read; what is longer is cut, and says so.
LONGEST = 4000
LONGEST_ID = 15


@endpoint(routes, "/handle-error", ("POST",))
def handle_error(call: HttpCall) -> dict[str, Any]:
    """Take the comment, complete the participant (with their token) so that they are paid."""
    claimed = call.parameters.text("participant_id") or ""
    report = {name: str(value)[:LONGEST] for name, value in call.parameters.others(WORKER).items()}
    is_id = claimed.isascii() and claimed.isdigit() and len(claimed) <= LONGEST_ID
    participant_id = int(claimed) if is_id else None
    if call.caller.kind == PARTICIPANT:
        participant_id = call.caller.participant_id
    try:
        result: dict[str, Any] = call.run(report_error, participant_id, report)
    except Unauthorized:
        # Without a token nobody is completed by it, yet what they write is heard.
        result = call.run(report_error, None, report)
    return result
