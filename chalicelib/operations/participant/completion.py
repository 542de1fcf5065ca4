"""Ends participation: a participant finishes, fails, withdraws, or meets an error."""

from __future__ import annotations

from typing import Any

from chalicelib.messages import (
    NotifyOperator,
    ProcessSubmission,
    RecordReturn,
    ReleaseSeat,
    SendToParticipants,
)
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.run_records import Notification
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.payment.pay_summary import is_entitled, pay_summary
from chalicelib.operations.realtime.waiting_rooms import leave_lobby
from chalicelib.operations.shared.access import is_active, own_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.idempotency import previous_result, record_result

from .submission import WITHDRAWN, notify_late_completion, post_task_completed

#: The event_type of the Notification that keeps a participant's report of an error.
ERROR_REPORTED = "ExperimentError"
#: Why a participant whom a person released left early.
RELEASED = "released"
#: The names of its details, and the names under which the page sends them.
REPORT_FIELDS = {
    "feedback": "error_feedback",
    "error_type": "error_type",
    "error_text": "error_text",
    "request_data": "request_data",
}


#: How many reports of an hour are mailed to the operator, and how many are kept.
MAX_MAILS_PER_HOUR, MAX_REPORTS_PER_HOUR = 10, 200
_REPORTS = keys.counter("error-reports")


def complete_participation(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Record that a participant has finished; a worker carries out what follows, once."""
    participant = own_participant(ctx, participant_id)
    if previous_result(ctx, participant) is None and participant.end_time is None:
        end_participation(ctx, participant)
        record_result(ctx, participant, participant.id)
    notify_late_completion(ctx, participant)
    return {}


def end_participation(ctx: Context, participant: Participant) -> None:
    """Record that a participant has finished, and post what follows."""
    if participant.status == ParticipantStatus.WORKING:
        post_task_completed(ctx, participant)
    _record_end(ctx, participant)


def fail_participation(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Record that a participant (usually a bot) could not finish."""
    participant = own_participant(ctx, participant_id)
    if previous_result(ctx, participant) is None and participant.end_time is None:
        participant.end_time = ctx.now
        leave_lobby(ctx, participant.id)
        ctx.uow.post(RecordReturn(participant.id))
        record_result(ctx, participant, participant.id)
    return {"field": "status", "data": "success", "request_type": "worker failed"}


def withdraw(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Withdraw a participant with base pay: their nodes fail and their place opens again."""
    participant = own_participant(ctx, participant_id)
    if previous_result(ctx, participant) is None and participant.end_time is None:
        participant.early_exit_reason = participant.early_exit_reason or WITHDRAWN
        ctx.seed(participant, "withdraw", 0)
        ctx.experiment.fail_participant(participant)
        _record_end(ctx, participant)
        record_result(ctx, participant, participant.id)
    elif participant.visit > 1:
        ctx.uow.post(ReleaseSeat(participant.id, is_withdrawal=True))
    return {}


def report_error(ctx: Context, participant_id: int | None, report: dict[str, Any]) -> dict[str, Any]:
    """Record a page's error report, end the participant's part with pay, and notify the operator.

    `recorded` in the response: whether the end is stored, so that the page can confirm the pay.
    """
    assignment_id = ""
    response = {"recorded": False}
    if participant_id is not None:
        participant = own_participant(ctx, participant_id)
        response["recorded"] = is_entitled(participant)
        if previous_result(ctx, participant) is not None:
            return response
        if participant.end_time is None:
            participant.early_exit_reason = participant.early_exit_reason or "error"
            _fail_unanswered(participant)
            _record_end(ctx, participant)
        record_result(ctx, participant, participant.id)
        assignment_id = participant.assignment_id
    count = _count_report(ctx)
    if count <= MAX_REPORTS_PER_HOUR:
        _keep_report(ctx, assignment_id, participant_id, report)
    if count <= MAX_MAILS_PER_HOUR:
        is_last = count == MAX_MAILS_PER_HOUR
        ctx.uow.post(NotifyOperator(report, participant_id, is_quoted=True, is_last=is_last))
    return response


def release_participant(ctx: Context, participant: Participant) -> None:
    """End a participant's part now, with base pay, because a person who manages the run has decided so."""
    participant.early_exit_reason = participant.early_exit_reason or RELEASED
    _fail_unanswered(participant)
    _record_end(ctx, participant)
    state = {"released": True, "overrecruited": False, "q": 0, "n": 0}
    ctx.uow.post(SendToParticipants((participant.id,), "quorum", state))


def _count_report(ctx: Context) -> int:
    """Count this hour's reports: anyone can send one, and each becomes an email and a record."""
    hour = ctx.now.strftime("%Y-%m-%dT%H")
    stored = ctx.uow.item(_REPORTS)
    count = 1 + (stored["reports"] if stored is not None and stored["hour"] == hour else 0)
    if count <= MAX_REPORTS_PER_HOUR + 1:
        ctx.uow.put_if_unchanged(_REPORTS, "counter", {"hour": hour, "reports": count})
    return count


def _keep_report(
    ctx: Context, assignment_id: str, participant_id: int | None, report: dict[str, Any]
) -> None:
    """Store a report, above all the participant's comment, as a Notification, which is exported."""
    fields = {name: report[source] for name, source in REPORT_FIELDS.items() if report.get(source)}
    if not fields:
        return
    notification = Notification(assignment_id=assignment_id, event_type=ERROR_REPORTED)
    notification.details = {**fields, "participant_id": participant_id}
    ctx.uow.save(notification)


def _fail_unanswered(participant: Participant) -> None:
    for node in participant.nodes():
        if not node.has_answered:
            node.fail("an error stopped the participant")


def _record_end(ctx: Context, participant: Participant) -> None:
    """Record the end; where the recruiter reports submissions, payment waits for its report."""
    participant.end_time = ctx.now
    leave_lobby(ctx, participant.id)
    if ctx.recruiters.capabilities(participant.recruiter).auto_submits:
        ctx.uow.post(ProcessSubmission(participant.id))


def exit_information(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Return what the exit page needs: the recruiter, the status, and the address for submitting.

    `give_back`: whether the participant should return the assignment instead, because the recruiter would pay
    in full for any submission.
    """
    participant = own_participant(ctx, participant_id)
    is_out = participant.status == ParticipantStatus.SCREENED_OUT
    give_back = is_out and ctx.recruiters.capabilities(participant.recruiter).pays_any_submission
    return {
        "recruiter": participant.recruiter,
        "mode": participant.mode,
        "participant_status": participant.status,
        "assignment_id": participant.assignment_id,
        "released": participant.early_exit_reason,
        "ended": participant.end_time is not None or not is_active(participant),
        "pay": pay_summary(ctx, participant),
        "submit_address": "" if give_back else ctx.recruiters.submit_address(participant),
        "give_back": give_back,
    }
