"""/participant: somebody begins, comes back, or is looked at."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.errors import BadRequest
from chalicelib.operations.participant.completion import (
    complete_participation,
    exit_information,
    fail_participation,
)
from chalicelib.operations.participant.completion import withdraw as leave
from chalicelib.operations.participant.create_participant import create_participant, load_by_link
from chalicelib.operations.participant.create_participant import load_participant as load
from chalicelib.operations.participant.eligibility import check_eligibility as ask
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.realtime.waiting_rooms import get_waiting_room
from chalicelib.operations.shared.read_records import get_participant

from . import entry_checks
from .parameters import Parameters
from .routing import HttpCall, endpoint

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


@endpoint(routes, "/participant", ("POST",))
def participant_post(call: HttpCall) -> dict[str, Any]:
    """Make a participant; with an assignment alone, load the one who has it."""
    given = call.parameters
    worker_id, hit_id, assignment_id = given.text(*WORKER), given.text(*HIT), given.text(*ASSIGNMENT)
    if assignment_id and worker_id is None and hit_id is None:
        loaded: dict[str, Any] = entry_checks.rate_limited(
            call,
            lambda: call.run(load, assignment_id=assignment_id, worker_id=None, signed=given.text("entry")),
        )
        return loaded
    if worker_id is None or hit_id is None or assignment_id is None:
        raise BadRequest("workerId, hitId and assignmentId are all needed.", code="id_missing")
    return _create(call, worker_id, hit_id, assignment_id, given.text("mode") or "debug")


@endpoint(routes, "/participant/{participant_id}/{hit_id}/{assignment_id}/{mode}", ("POST",))
def participant_post_by_path(call: HttpCall) -> dict[str, Any]:
    """Make a participant whose ids stand in the address; the first part is the worker's id."""
    path = call.parameters.path
    return _create(call, path["participant_id"], path["hit_id"], path["assignment_id"], path["mode"])


def _create(call: HttpCall, worker_id: str, hit_id: str, assignment_id: str, mode: str) -> dict[str, Any]:
    given = call.parameters
    entry = EntryRequest(
        worker_id=worker_id,
        hit_id=hit_id,
        assignment_id=assignment_id,
        mode=mode,
        recruiter=given.text("recruiter"),
        fingerprint_hash=given.text("fingerprint_hash", "fingerprintHash"),
        consent=_consent(given),
        more=given.others(NAMED),
    )
    return entry_checks.rate_limited(
        call, lambda: call.run(create_participant, entry_checks.require_confirmed(call, entry))
    )


def _consent(given: Parameters) -> dict[str, Any] | None:
    time, text_hash = given.text("consent_time"), given.text("consent_hash")
    if not (time or text_hash):
        return None
    return {"time": time, "hash": text_hash, "bots": given.flag("consent_bots")}


@endpoint(routes, "/participant/{participant_id}")
def participant_get(call: HttpCall) -> dict[str, Any]:
    """Return a participant."""
    result: dict[str, Any] = call.run(get_participant, call.parameters.path_number("participant_id"))
    return result


@endpoint(routes, "/load-participant", ("POST",))
def load_participant(call: HttpCall) -> dict[str, Any]:
    """Return the participant of an assignment and worker, or of a signed entry link, with a token."""
    given = call.parameters
    link = given.text("entry")
    assignment_id = given.text("assignment_id", "assignmentId")
    if link and not assignment_id:
        found: dict[str, Any] = entry_checks.rate_limited(call, lambda: call.run(load_by_link, link))
        return found
    if not assignment_id:
        raise BadRequest("assignment_id is missing.", code="assignment_id_missing")
    worker_id = given.require("worker_id", "workerId")
    result: dict[str, Any] = entry_checks.rate_limited(
        call, lambda: call.run(load, assignment_id=assignment_id, worker_id=worker_id, signed=link)
    )
    return result


@endpoint(routes, "/may-take-part")
def may_take_part(call: HttpCall) -> dict[str, Any]:
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


@endpoint(routes, "/worker_complete", ("GET", "POST"))
def worker_complete(call: HttpCall) -> dict[str, Any]:
    """Note it; what follows is done by the worker, once."""
    result: dict[str, Any] = call.run(complete_participation, call.parameters.number("participant_id"))
    return result


@endpoint(routes, "/worker_failed", ("GET", "POST"))
def worker_failed(call: HttpCall) -> dict[str, Any]:
    """Note it; what follows is done by the worker, once."""
    result: dict[str, Any] = call.run(fail_participation, call.parameters.number("participant_id"))
    return result


@endpoint(routes, "/withdraw", ("POST",))
def withdraw(call: HttpCall) -> dict[str, Any]:
    """Complete the participant with base pay, and fail what they made."""
    result: dict[str, Any] = call.run(leave, call.parameters.number("participant_id"))
    return result


@endpoint(routes, "/recruiter-exit/{participant_id}")
def recruiter_exit(call: HttpCall) -> dict[str, Any]:
    """Return recruiter, status and assignment."""
    result: dict[str, Any] = call.run(exit_information, call.parameters.path_number("participant_id"))
    return result


@endpoint(routes, "/waiting-room/{participant_id}")
def waiting_room(call: HttpCall) -> dict[str, Any]:
    """Return the state of the room that the participant waits for or is in."""
    result: dict[str, Any] = call.run(get_waiting_room, call.parameters.path_number("participant_id"))
    return result
