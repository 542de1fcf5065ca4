"""/handle-error: takes a page's report of an error."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.errors import Unauthorized
from chalicelib.operations.participant.completion import report_error
from chalicelib.operations.shared.context import PARTICIPANT

from .participants import WORKER
from .routing import HttpCall, endpoint

routes = Blueprint(__name__)
#: The longest value of a report, in characters; longer ones are truncated.
MAX_VALUE_LENGTH = 4000
MAX_ID_DIGITS = 15


@endpoint(routes, "/handle-error", ("POST",))
def handle_error(call: HttpCall) -> dict[str, Any]:
    """Record the report and, if it comes with a token, end the participant's part with pay."""
    claimed = call.parameters.text("participant_id") or ""
    report = {name: str(value)[:MAX_VALUE_LENGTH] for name, value in call.parameters.others(WORKER).items()}
    is_id = claimed.isascii() and claimed.isdigit() and len(claimed) <= MAX_ID_DIGITS
    participant_id = int(claimed) if is_id else None
    if call.caller.kind == PARTICIPANT:
        participant_id = call.caller.participant_id
    try:
        result: dict[str, Any] = call.run(report_error, participant_id, report)
    except Unauthorized:
        # Without a valid token, the report is recorded and no participant's part ends.
        result = call.run(report_error, None, report)
    return result
