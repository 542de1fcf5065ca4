"""Reconciles participants whose time is up with what their recruiter reports.

Each participant's deadline is one message, recorded when they begin and due when their time is up, so no
sweep has to search for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.messages import CheckDeadline, PollAssignment
from chalicelib.model import keys
from chalicelib.model.participant import EXTRA_MINUTES, Participant
from chalicelib.model.statuses import (
    ASSIGNMENT_LOST,
    ASSIGNMENT_SUBMITTED,
    DISMISSED_WITH_PAY,
    AssignmentStatus,
    ParticipantStatus,
)
from chalicelib.operations.recruitment.recruitment import close_places, recruiter_state_of
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator

from .submission import (
    can_submit_for,
    is_settled,
    process_submission,
    record_loss,
    settle_without_assignment,
    submit_on_behalf_of,
)

#: How long after the end of `duration` a report may still be on its way.
REPORT_GRACE = timedelta(minutes=2)
#: How long a participant takes from the exit page to the recruiter's.
SUBMISSION_DELAY = timedelta(seconds=30)
#: How often, and for how long, the recruiter is polled about a participant who is still working there.
RECHECK_INTERVAL = timedelta(minutes=10)
#: How often a participant is checked whose part has an open end, such as in a book.
OPEN_END_INTERVAL = timedelta(days=1)
MAX_OVERTIME = timedelta(hours=1)


def deadline(ctx: Context, participant: Participant) -> datetime:
    """When a participant's time is up."""
    extra = timedelta(minutes=participant.extra_minutes)
    return participant.creation_time + timedelta(hours=ctx.settings.duration) + extra


def set_deadline(ctx: Context, participant: Participant) -> None:
    """Schedule the check of a new participant for the end of their time."""
    _schedule_check(ctx, participant, deadline(ctx, participant) + REPORT_GRACE)


def _schedule_check(ctx: Context, participant: Participant, due: datetime) -> None:
    ctx.uow.post(CheckDeadline(participant.id), due=due)


def open_assignment(ctx: Context, participant_id: int) -> tuple[str, str, dict[str, Any]] | None:
    """Return the recruiter, assignment and recruiter state of an unfinished participant; or None."""
    participant = ctx.uow.participant(participant_id)
    if not _is_open(ctx, participant):
        return None
    recruiter_state = {**recruiter_state_of(ctx, participant.recruiter), "hit_id": participant.hit_id}
    return participant.recruiter, participant.assignment_id, recruiter_state


def poll_open_assignments(ctx: Context, recruiter: str, hit_id: str) -> None:
    """Poll the recruiter, after a delay, about each participant of a HIT whose outcome isn't known.

    The delay leaves time for reports of single assignments, which say more.
    """
    active_participants = ctx.uow.active_participants()
    ctx.uow.prefetch(more=[keys.participant(listed["id"]) for listed in active_participants])
    for listed in active_participants:
        participant = ctx.uow.participant(listed["id"])
        is_of_hit = participant.recruiter == recruiter and participant.hit_id == hit_id
        if is_of_hit and _is_open(ctx, participant):
            ctx.uow.post(PollAssignment(participant.id), due=ctx.now + REPORT_GRACE)


def schedule_submission_check(
    ctx: Context, recruiter: str, participant_id: int, assignment_id: str
) -> dict[str, Any]:
    """Poll the recruiter about a participant whose page says that it is submitting the assignment.

    Anyone can call this, so the response reveals nothing and the claim isn't trusted: the recruiter is
    polled, once for a burst of calls, if the participant is its own, has this assignment and has finished.
    """
    participant = _find_participant(ctx, participant_id)
    if participant is None or participant.assignment_id != assignment_id:
        return {}
    is_theirs = participant.recruiter.partition(":")[0] == recruiter
    if is_theirs and participant.end_time is not None and _is_open(ctx, participant):
        name = f"fate-{participant.id}"
        ctx.uow.send_transient(PollAssignment(participant.id), name, due=ctx.now + SUBMISSION_DELAY)
    return {}


def _find_participant(ctx: Context, participant_id: int) -> Participant | None:
    try:
        return ctx.uow.participant(participant_id)
    except NotFound:
        return None


def apply_assignment_status(ctx: Context, participant_id: int, assignment_status: str | None) -> None:
    """Apply an assignment status that was polled before the deadline; an unknown status changes nothing."""
    participant = ctx.uow.participant(participant_id)
    if not _is_open(ctx, participant):
        return
    if assignment_status in ASSIGNMENT_SUBMITTED:
        process_submission(ctx, participant_id)
    elif assignment_status in ASSIGNMENT_LOST:
        record_loss(ctx, participant_id, ParticipantStatus(assignment_status))


def _is_open(ctx: Context, participant: Participant) -> bool:
    if participant.status in DISMISSED_WITH_PAY:
        return not is_settled(ctx, participant)
    return participant.status == ParticipantStatus.WORKING


def reconcile_expired(ctx: Context, participant_id: int, assignment_status: str | None) -> None:
    """Give a participant whose time is up the recruiter's status, or missing_notification.

    A participant who is still working there is polled again for a while: the recruiter may allow more time.
    """
    participant = ctx.uow.participant(participant_id)
    if not _is_open(ctx, participant):
        return
    if ctx.now < deadline(ctx, participant):
        # The participant was given extra time.
        set_deadline(ctx, participant)
        return
    if participant.status == ParticipantStatus.WORKING and ctx.experiment.has_open_end(participant):
        _schedule_check(ctx, participant, ctx.now + OPEN_END_INTERVAL)
        return
    is_working = assignment_status == AssignmentStatus.WORKING
    is_abandoned = assignment_status == AssignmentStatus.ABANDONED
    if assignment_status in ASSIGNMENT_SUBMITTED or _needs_no_report(ctx, participant):
        process_submission(ctx, participant_id)
    elif (is_working or is_abandoned) and can_submit_for(ctx, participant):
        submit_on_behalf_of(ctx, participant, is_reopened=is_abandoned)
    elif is_working and ctx.now < deadline(ctx, participant) + MAX_OVERTIME:
        _schedule_check(ctx, participant, ctx.now + RECHECK_INTERVAL)
    elif participant.status in DISMISSED_WITH_PAY:
        settle_without_assignment(ctx, participant, is_reopened=assignment_status is not None)
    elif assignment_status in ASSIGNMENT_LOST:
        record_loss(ctx, participant_id, ParticipantStatus(assignment_status))
    else:
        _mark_missing(ctx, participant)


def _needs_no_report(ctx: Context, participant: Participant) -> bool:
    """Whether a participant can be paid although the recruiter knows of no submission."""
    has_ended = participant.status in DISMISSED_WITH_PAY or participant.end_time is not None
    return has_ended and ctx.recruiters.capabilities(participant.recruiter).auto_submits


def _mark_missing(ctx: Context, participant: Participant) -> None:
    record_loss(ctx, participant.id, ParticipantStatus.MISSING_NOTIFICATION)
    notify_operator(ctx, f"Participant {participant.id} ran out of time and the recruiter reports nothing.")
    if ctx.settings.disable_when_duration_exceeded:
        ctx.uow.state["closed_by_operator"] = True
        close_places(ctx)


def give_extra_time(ctx: Context, participant: Participant, minutes: int) -> datetime:
    """Extend a participant's time; return when it ends now. The recorded check is repeated at that time."""
    participant.details = {**participant.details, EXTRA_MINUTES: participant.extra_minutes + minutes}
    return deadline(ctx, participant)
