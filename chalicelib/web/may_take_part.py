"""/may-take-part: the ad asks before it shows the button."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.may_take_part import may_take_part as ask

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/may-take-part")
def may_take_part(call: Call) -> dict[str, Any]:
    """Return {"may": true}, or the reason why not."""
    given = call.parameters
    result: dict[str, Any] = call.run(
        ask,
        worker_id=given.text("workerId", "worker_id", "PROLIFIC_PID") or "",
        assignment_id=given.text("assignmentId", "assignment_id", "SESSION_ID") or "",
        hit_id=given.text("hitId", "hit_id", "STUDY_ID") or "",
        user_agent=call.headers.get("user-agent", ""),
    )
    return result
