"""/load-participant: somebody comes back."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.model.errors import BadRequest
from chalicelib.operations.create_participant import load_by_link
from chalicelib.operations.create_participant import load_participant as load

from . import entrances
from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/load-participant", ("POST",))
def load_participant(call: Call) -> dict[str, Any]:
    """Return the participant of an assignment and worker, or of a signed entry link, with a token."""
    given = call.parameters
    link = given.text("entry")
    assignment_id = given.text("assignment_id", "assignmentId")
    if link and not assignment_id:
        found: dict[str, Any] = entrances.counted(call, lambda: call.run(load_by_link, link))
        return found
    if not assignment_id:
        raise BadRequest("assignment_id is missing.", code="assignment_id_missing")
    worker_id = given.needed("worker_id", "workerId")
    result: dict[str, Any] = entrances.counted(
        call, lambda: call.run(load, assignment_id=assignment_id, worker_id=worker_id, signed=link)
    )
    return result
