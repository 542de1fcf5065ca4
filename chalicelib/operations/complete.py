"""Participants come to their end: finished, failed, withdrawn, or after an error."""

from __future__ import annotations

from typing import Any

from chalicelib.messages import NotifyOperator, ProcessSubmission, RecordReturn
from chalicelib.model.participant import WORKING, Participant
from chalicelib.model.reports import Notification

from .access import is_still_here, own_participant
from .finish_participant import post_task_completed, tell_of_late_end
from .once import made_before, remember
from .pay_summary import is_entitled, pay_summary
from .rooms import leave_lobby
from .unit import Unit

#: The event_type of the Notification that keeps a participant's report of an error.
ERROR_REPORTED = "ExperimentError"
#: What it keeps in its details, and under which name the page sends it.
REPORTED = {
    "feedback": "error_feedback",
    "error_type": "error_type",
    "error_text": "error_text",
    "request_data": "request_data",
}


#: How many reports of an hour are mailed to the operator, and how many are kept.
MOST_MAILS, MOST_REPORTS = 10, 200
_REPORTS = ("counter", "error-reports")


def complete_participation(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Note that a participant has reached the end; what follows is done by the worker, once."""
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is None and participant.end_time is None:
        if participant.status == WORKING:
            post_task_completed(unit, participant)
        _come_to_the_end(unit, participant)
        remember(unit, participant, participant.id)
    tell_of_late_end(unit, participant)
    return {}


def fail_participation(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Note that a participant (a bot, mostly) could not finish."""
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is None and participant.end_time is None:
        participant.end_time = unit.now
        leave_lobby(unit, participant.id)
        unit.work.post(RecordReturn(participant.id))
        remember(unit, participant, participant.id)
    return {"field": "status", "data": "success", "request_type": "worker failed"}


def withdraw(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Let a participant leave, with base pay; what they made is failed and their place opens again."""
    participant = own_participant(unit, participant_id)
    if made_before(unit, participant) is None and participant.end_time is None:
        participant.released = participant.released or "withdrawn"
        unit.seed(participant, "withdraw", 0)
        unit.experiment.fail_participant(participant)
        _come_to_the_end(unit, participant)
        remember(unit, participant, participant.id)
    return {}


def report_error(unit: Unit, participant_id: int | None, report: dict[str, Any]) -> dict[str, Any]:
    """Keep a participant's report of an error, complete them so that they are paid, tell the operator.

    `recorded` in the answer: whether their end is stored, so that the page may say that they are paid.
    """
    assignment_id = ""
    answer = {"recorded": False}
    if participant_id is not None:
        participant = own_participant(unit, participant_id)
        answer["recorded"] = is_entitled(participant)
        if made_before(unit, participant) is not None:
            return answer
        if participant.end_time is None:
            participant.released = participant.released or "error"
            _fail_unanswered(participant)
            _come_to_the_end(unit, participant)
        remember(unit, participant, participant.id)
        assignment_id = participant.assignment_id
    count = _count_report(unit)
    if count <= MOST_REPORTS:
        _keep_report(unit, assignment_id, participant_id, report)
    if count <= MOST_MAILS:
        is_last = count == MOST_MAILS
        unit.work.post(NotifyOperator(report, participant_id, is_quoted=True, is_last=is_last))
    return answer


def _count_report(unit: Unit) -> int:
    """Count the reports of this hour: anybody may send them, and each becomes a mail and a record."""
    hour = unit.now.strftime("%Y-%m-%dT%H")
    stored = unit.work.item(_REPORTS)
    count = 1 + (stored["reports"] if stored is not None and stored["hour"] == hour else 0)
    if count <= MOST_REPORTS + 1:
        unit.work.claim(_REPORTS, "counter", {"hour": hour, "reports": count})
    return count


def _keep_report(unit: Unit, assignment_id: str, participant_id: int | None, report: dict[str, Any]) -> None:
    """Keep what was reported, the participant's comment above all, as a Notification: it is exported."""
    kept = {name: report[source] for name, source in REPORTED.items() if report.get(source)}
    if not kept:
        return
    notification = Notification(assignment_id=assignment_id, event_type=ERROR_REPORTED)
    notification.details = {**kept, "participant_id": participant_id}
    unit.work.save(notification)


def _fail_unanswered(participant: Participant) -> None:
    for node in participant.nodes():
        if not node.has_answered:
            node.fail("an error stopped the participant")


def _come_to_the_end(unit: Unit, participant: Participant) -> None:
    """Note the end; where the recruiter reports submissions, nothing is paid before it has this one."""
    participant.end_time = unit.now
    leave_lobby(unit, participant.id)
    if unit.recruiters.submits_itself(participant.recruiter):
        unit.work.post(ProcessSubmission(participant.id))


def exit_information(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Return what the exit page needs: the recruiter, the status, and where the assignment is handed in.

    `give_back`: whether the assignment is to be given back instead, because the recruiter would pay in full
    for handing it in.
    """
    participant = own_participant(unit, participant_id)
    is_out = participant.status == "screened_out"
    give_back = is_out and unit.recruiters.pays_any_submission(participant.recruiter)
    return {
        "recruiter": participant.recruiter,
        "mode": participant.mode,
        "participant_status": participant.status,
        "assignment_id": participant.assignment_id,
        "released": participant.released,
        "ended": participant.end_time is not None or not is_still_here(participant),
        "pay": pay_summary(unit, participant),
        "submit_address": "" if give_back else unit.recruiters.submit_address(participant),
        "give_back": give_back,
    }
