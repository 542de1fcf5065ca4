"""Records and handles what a recruiter (or the operator) reports about an assignment."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from chalicelib.errors import BadRequest, NotFound
from chalicelib.messages import CheckListing, RecruiterNotification
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
from chalicelib.model.run_records import Notification
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.recruitment import listings
from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.shared.access import require_operator
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import is_erased_assignment
from chalicelib.operations.shared.fields import check_size
from chalicelib.operations.shared.operator_notices import notify_operator

from .id_validation import require_real_id
from .submission import process_submission, record_loss

logger = logging.getLogger("petri.notifications")

#: Events of a whole HIT, which name no assignment.
HIT_EVENTS = ("HITExpired", "HITReviewable")
#: The event of a submission.
SUBMITTED = "AssignmentSubmitted"
EVENTS = (
    "AssignmentAccepted",
    "AssignmentAbandoned",
    "AssignmentReturned",
    "AssignmentSubmitted",
    "AssignmentReassigned",
    "NotificationMissing",
    *HIT_EVENTS,
    "BotAssignmentSubmitted",
    "BotAssignmentRejected",
)
#: The status that each event gives a participant.
LOSS_STATUSES = {
    "AssignmentReturned": ParticipantStatus.RETURNED,
    "AssignmentAbandoned": ParticipantStatus.ABANDONED,
    "AssignmentReassigned": ParticipantStatus.REPLACED,
    "BotAssignmentRejected": ParticipantStatus.REJECTED,
    "NotificationMissing": ParticipantStatus.MISSING_NOTIFICATION,
}


def record_notification(
    ctx: Context,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None = None,
    *,
    hit_id: str = "",
    at: datetime | None = None,
) -> dict[str, Any]:
    """Store a report as a Notification, to be handled after the commit.

    `recruiter`: the sender; None for the operator, who may report about any participant. `at`: when it
    happened, where the recruiter says so.
    """
    if _keep(ctx, event_type, assignment_id, participant_id, recruiter, hit_id):
        ctx.uow.post(
            RecruiterNotification(event_type, assignment_id, participant_id, recruiter, hit_id, iso(at))
        )
    return {}


def take_submission(
    ctx: Context,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None = None,
    *,
    hit_id: str = "",
    at: datetime | None = None,
) -> None:
    """Store the report of a submission, and process the submission in the same commit."""
    if _keep(ctx, event_type, assignment_id, participant_id, recruiter, hit_id):
        handle_notification(ctx, event_type, assignment_id, participant_id, recruiter, iso(at), hit_id)


def _keep(
    ctx: Context,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None,
    hit_id: str,
) -> bool:
    """Store a report; return whether it is about one assignment, and so has to be handled.

    A late report about a participant whose data were erased isn't stored: it would bring their ids back.
    """
    require_operator(ctx)
    if event_type not in EVENTS:
        raise BadRequest(f"{event_type!r} is not a valid event type: use one of {', '.join(EVENTS)}.")
    check_size(assignment_id=assignment_id, hit_id=hit_id)
    require_real_id("assignment_id", assignment_id)
    if assignment_id and is_erased_assignment(ctx, assignment_id):
        return False
    notification = Notification(assignment_id=assignment_id, event_type=event_type)
    if hit_id:
        notification.details = {"hit_id": hit_id}
    if hit_id and event_type in HIT_EVENTS:
        ctx.uow.save(notification)
        for name in [recruiter] if recruiter else recruiters_in_use(ctx):
            ctx.uow.post(CheckListing(name, hit_id, event_type))
        return False
    if not assignment_id and participant_id is None:
        missing = "HITId" if event_type in HIT_EVENTS else "AssignmentId"
        raise BadRequest(f"Event.1.{missing} is missing.")
    ctx.uow.save(notification)
    return True


def handle_notification(
    ctx: Context,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None = None,
    at: str | None = None,
    hit_id: str = "",
) -> None:
    """Apply a report to its participant, in any order and any number of times.

    A report changes nothing when its participant is unknown, when it says nothing new, when it is older than
    its participant, or when its participant came from another recruiter. The operator is notified of the
    last, and of a worker who submits an assignment of this run without having taken part.
    """
    found = _find_participant_id(ctx, assignment_id, participant_id)
    if found is None:
        _notify_unknown_submission(ctx, event_type, assignment_id, hit_id)
        return
    if not _may_report(ctx, found, event_type, recruiter):
        return
    if _predates_participant(ctx.uow.participant(found), moment(at)):
        logger.info("%s happened before participant %s began with this assignment", event_type, found)
        return
    if event_type in (SUBMITTED, "BotAssignmentSubmitted"):
        process_submission(ctx, found)
    elif event_type in LOSS_STATUSES:
        record_loss(ctx, found, LOSS_STATUSES[event_type])


def _notify_unknown_submission(ctx: Context, event_type: str, assignment_id: str, hit_id: str) -> None:
    """Notify the operator of a submission without a participant, if it is of a HIT of this run."""
    if event_type == "AssignmentSubmitted" and hit_id and listings.is_known(ctx, hit_id):
        notify_operator(
            ctx,
            f"Assignment {assignment_id} of HIT {hit_id} was submitted by a worker who took no part here. "
            "Petri pays nothing for it; review it on the recruiter's own pages.",
        )


def _predates_participant(participant: Participant, at: datetime | None) -> bool:
    """Whether a report is about the assignment's former worker: Mechanical Turk reuses ids.

    Its times are in whole seconds.
    """
    return at is not None and at < participant.creation_time.replace(microsecond=0)


def _may_report(ctx: Context, participant_id: int, event_type: str, recruiter: str | None) -> bool:
    own = ctx.uow.participant(participant_id).recruiter
    if recruiter is None or own.partition(":")[0] == recruiter:
        return True
    notify_operator(
        ctx,
        f"{recruiter} reported {event_type} for participant {participant_id}, who came from {own}. Nothing "
        "was changed; check whether two studies share assignment ids.",
    )
    return False


def _find_participant_id(ctx: Context, assignment_id: str, participant_id: int | None) -> int | None:
    if participant_id is not None:
        try:
            return ctx.uow.participant(participant_id).id
        except NotFound:
            return None
    claimed = ctx.uow.item(keys.assignment(assignment_id))
    return None if claimed is None else int(claimed["participant_id"])
