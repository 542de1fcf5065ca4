"""/participant: somebody begins, comes back, or is looked at."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.model.errors import BadRequest
from chalicelib.operations.create_participant import Entry, create_participant, load_participant
from chalicelib.operations.read_records import get_participant

from . import entrances
from .door import Call, door
from .parameters import Parameters

routes = Blueprint(__name__)
WORKER = ("workerId", "worker_id")
HIT = ("hitId", "hit_id")
ASSIGNMENT = ("assignmentId", "assignment_id")
NAMED = (
    *WORKER,
    *HIT,
    *ASSIGNMENT,
    "mode",
    "recruiter",
    "fingerprint_hash",
    "fingerprintHash",
    "consent_time",
    "consent_hash",
    "consent_bots",
)


@door(routes, "/participant", ("POST",))
def participant_post(call: Call) -> dict[str, Any]:
    """Make a participant; with an assignment alone, load the one who has it."""
    given = call.parameters
    worker_id, hit_id, assignment_id = given.text(*WORKER), given.text(*HIT), given.text(*ASSIGNMENT)
    if assignment_id and worker_id is None and hit_id is None:
        loaded: dict[str, Any] = entrances.counted(
            call,
            lambda: call.run(
                load_participant, assignment_id=assignment_id, worker_id=None, signed=given.text("entry")
            ),
        )
        return loaded
    if worker_id is None or hit_id is None or assignment_id is None:
        raise BadRequest("workerId, hitId and assignmentId are all needed.", code="id_missing")
    return _create(call, worker_id, hit_id, assignment_id, given.text("mode") or "debug")


@door(routes, "/participant/{participant_id}/{hit_id}/{assignment_id}/{mode}", ("POST",))
def participant_post_by_path(call: Call) -> dict[str, Any]:
    """Make a participant whose ids stand in the address; the first part is the worker's id."""
    path = call.parameters.path
    return _create(call, path["participant_id"], path["hit_id"], path["assignment_id"], path["mode"])


def _create(call: Call, worker_id: str, hit_id: str, assignment_id: str, mode: str) -> dict[str, Any]:
    given = call.parameters
    entry = Entry(
        worker_id=worker_id,
        hit_id=hit_id,
        assignment_id=assignment_id,
        mode=mode,
        recruiter=given.text("recruiter"),
        fingerprint_hash=given.text("fingerprint_hash", "fingerprintHash"),
        consent=_consent(given),
        more=given.others(NAMED),
    )
    return entrances.counted(call, lambda: call.run(create_participant, entrances.confirmed(call, entry)))


def _consent(given: Parameters) -> dict[str, Any] | None:
    time, text_hash = given.text("consent_time"), given.text("consent_hash")
    if not (time or text_hash):
        return None
    return {"time": time, "hash": text_hash, "bots": given.flag("consent_bots")}


@door(routes, "/participant/{participant_id}")
def participant_get(call: Call) -> dict[str, Any]:
    """Return a participant."""
    result: dict[str, Any] = call.run(get_participant, call.parameters.path_number("participant_id"))
    return result
