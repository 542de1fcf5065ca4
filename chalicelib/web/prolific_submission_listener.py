"""/prolific-submission-listener: a page says that its participant is on the way back to Prolific."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.deadlines import expect_submission

from .door import Call, door
from .participant import ASSIGNMENT

routes = Blueprint(__name__)


@door(routes, "/prolific-submission-listener", ("POST",))
def prolific_submission_listener(call: Call) -> dict[str, Any]:
    """Have Prolific asked about the submission in a moment: what it answers counts, not the page."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        expect_submission,
        "prolific",
        participant_id=given.number("participantId", "participant_id"),
        assignment_id=given.needed(*ASSIGNMENT),
    )
    return result
