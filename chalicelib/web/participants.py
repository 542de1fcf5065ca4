"""/participant: creates, resumes, reads and completes participants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint

from chalicelib import services
from chalicelib.errors import BadRequest
from chalicelib.operations.operator_messages.message_box import read_messages, record_message
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
from chalicelib.operations.shared.study_check import is_study_class

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
    """Create a participant; with an assignment alone, load the one who has it."""
    parameters = call.parameters
    worker_id, hit_id, assignment_id = (
        parameters.text(*WORKER),
        parameters.text(*HIT),
        parameters.text(*ASSIGNMENT),
    )
    if assignment_id and worker_id is None and hit_id is None:
        loaded: dict[str, Any] = entry_checks.rate_limited(
            call,
            lambda: call.run(
                load, assignment_id=assignment_id, worker_id=None, signed=parameters.text("entry")
            ),
        )
        return loaded
    if worker_id is None or hit_id is None or assignment_id is None:
        raise BadRequest("workerId, hitId and assignmentId are required.", code="id_missing")
    return _create(call, worker_id, hit_id, assignment_id, parameters.text("mode") or "debug")


@endpoint(routes, "/participant/{participant_id}/{hit_id}/{assignment_id}/{mode}", ("POST",))
def participant_post_by_path(call: HttpCall) -> dict[str, Any]:
    """Create a participant whose ids are in the path; the first part is the worker's id."""
    path = call.parameters.path
    return _create(call, path["participant_id"], path["hit_id"], path["assignment_id"], path["mode"])


def _create(call: HttpCall, worker_id: str, hit_id: str, assignment_id: str, mode: str) -> dict[str, Any]:
    parameters = call.parameters
    entry = EntryRequest(
        worker_id=worker_id,
        hit_id=hit_id,
        assignment_id=assignment_id,
        mode=mode,
        recruiter=parameters.text("recruiter"),
        fingerprint_hash=parameters.text("fingerprint_hash", "fingerprintHash"),
        consent=_consent(parameters),
        more=parameters.others(NAMED),
    )
    return entry_checks.rate_limited(
        call, lambda: call.run(create_participant, entry_checks.require_confirmed(call, entry))
    )


def _consent(parameters: Parameters) -> dict[str, Any] | None:
    time, text_hash = parameters.text("consent_time"), parameters.text("consent_hash")
    if not (time or text_hash):
        return None
    return {"time": time, "hash": text_hash, "bots": parameters.flag("consent_bots")}


@endpoint(routes, "/participant/{participant_id}")
def participant_get(call: HttpCall) -> dict[str, Any]:
    """Return a participant."""
    result: dict[str, Any] = call.run(get_participant, call.parameters.path_number("participant_id"))
    return result


@endpoint(routes, "/participant/{participant_id}/messages")
def participant_messages(call: HttpCall) -> dict[str, Any]:
    """Return the operator's messages to a participant that they haven't closed."""
    number = call.parameters.path_number("participant_id")
    after = call.parameters.number("after") if call.parameters.one("after") is not None else 0
    result: dict[str, Any] = call.run(read_messages, number, after)
    return result


@endpoint(routes, "/participant/{participant_id}/messages", ("POST",))
def participant_message_seen(call: HttpCall) -> dict[str, Any]:
    """Note that a participant has seen a message of the operator, or closed it; idempotent."""
    parameters = call.parameters
    number = parameters.path_number("participant_id")
    is_closed = parameters.flag("closed")
    result: dict[str, Any] = call.run(record_message, number, parameters.number("id"), is_closed=is_closed)
    return result


@endpoint(routes, "/load-participant", ("POST",))
def load_participant(call: HttpCall) -> dict[str, Any]:
    """Return the participant of an assignment and worker, or of a signed entry link, with a token."""
    parameters = call.parameters
    link = parameters.text("entry")
    assignment_id = parameters.text("assignment_id", "assignmentId")
    if link and not assignment_id:
        found: dict[str, Any] = entry_checks.rate_limited(call, lambda: call.run(load_by_link, link))
        return found
    if not assignment_id:
        raise BadRequest("assignment_id is missing.", code="assignment_id_missing")
    worker_id = parameters.require("worker_id", "workerId")
    result: dict[str, Any] = entry_checks.rate_limited(
        call, lambda: call.run(load, assignment_id=assignment_id, worker_id=worker_id, signed=link)
    )
    return result


@endpoint(routes, "/may-take-part")
def may_take_part(call: HttpCall) -> dict[str, Any]:
    """Return {"may": true}, or the reason for a refusal."""
    parameters = call.parameters
    result: dict[str, Any] = call.run(
        ask,
        worker_id=parameters.text("workerId", "worker_id", "PROLIFIC_PID") or "",
        assignment_id=parameters.text("assignmentId", "assignment_id", "SESSION_ID") or "",
        hit_id=parameters.text("hitId", "hit_id", "STUDY_ID") or "",
        user_agent=call.headers.get("user-agent", ""),
    )
    return result


@endpoint(routes, "/worker_complete", ("GET", "POST"))
def worker_complete(call: HttpCall) -> dict[str, Any]:
    """Record that a participant has finished, or in a study whether they have; idempotent."""
    result: dict[str, Any] = call.run(_completion(), call.parameters.number("participant_id"))
    return result


def _completion() -> Callable[..., dict[str, Any]]:
    if not is_study_class(services.current().experiment_class):
        return complete_participation
    # Lazy import: an experiment that isn't a study starts without the modules of studies.
    from chalicelib.operations.study.flow.ending import report_completion

    return report_completion


@endpoint(routes, "/worker_failed", ("GET", "POST"))
def worker_failed(call: HttpCall) -> dict[str, Any]:
    """Record that a participant could not finish; idempotent."""
    result: dict[str, Any] = call.run(fail_participation, call.parameters.number("participant_id"))
    return result


@endpoint(routes, "/withdraw", ("POST",))
def withdraw(call: HttpCall) -> dict[str, Any]:
    """Withdraw the participant with base pay, and fail their nodes."""
    result: dict[str, Any] = call.run(leave, call.parameters.number("participant_id"))
    return result


@endpoint(routes, "/recruiter-exit/{participant_id}")
def recruiter_exit(call: HttpCall) -> dict[str, Any]:
    """Return the recruiter, the status and the assignment, for the exit page."""
    result: dict[str, Any] = call.run(exit_information, call.parameters.path_number("participant_id"))
    return result


@endpoint(routes, "/waiting-room/{participant_id}")
def waiting_room(call: HttpCall) -> dict[str, Any]:
    """Return the state of the room that the participant waits for or is in."""
    result: dict[str, Any] = call.run(get_waiting_room, call.parameters.path_number("participant_id"))
    return result
