"""A recruiter (or somebody who stands in for it) reports what became of an assignment."""

from __future__ import annotations

from typing import Any

from chalicelib.model.errors import BadRequest, NotFound
from chalicelib.model.reports import Notification

from . import budget
from .access import operator_only
from .fields import check_size
from .finish_participant import finish_participant, lose_participant
from .unit import Unit

EVENTS = (
    "AssignmentAccepted",
    "AssignmentAbandoned",
    "AssignmentReturned",
    "AssignmentSubmitted",
    "AssignmentReassigned",
    "NotificationMissing",
    "HITExpired",
    "HITReviewable",
    "BotAssignmentSubmitted",
    "BotAssignmentRejected",
)
#: What becomes of a participant by which report.
LOST = {
    "AssignmentReturned": "returned",
    "AssignmentAbandoned": "abandoned",
    "AssignmentReassigned": "replaced",
    "BotAssignmentRejected": "rejected",
    "NotificationMissing": "missing_notification",
}


def notify(
    unit: Unit,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None = None,
) -> dict[str, Any]:
    """Keep a report as a Notification and have it handled after the commit.

    `recruiter`: whose report it is; None for the operator's, who may report about anybody.
    """
    operator_only(unit)
    if event_type not in EVENTS:
        raise BadRequest(f"{event_type!r} is no event: use one of {', '.join(EVENTS)}.")
    check_size(assignment_id=assignment_id)
    if not assignment_id and participant_id is None:
        raise BadRequest("Event.1.AssignmentId is missing.")
    unit.work.save(Notification(assignment_id=assignment_id, event_type=event_type))
    unit.work.post(
        {
            "kind": "notification",
            "event_type": event_type,
            "assignment_id": assignment_id,
            "participant_id": participant_id,
            "recruiter": recruiter,
        }
    )
    return {}


def handle_notification(
    unit: Unit,
    event_type: str,
    assignment_id: str,
    participant_id: int | None,
    recruiter: str | None = None,
) -> None:
    """Do what a report means for its participant, in any order and any number of times.

    A report about nobody, and one that says nothing new, change nothing; neither does one about somebody
    who came from another recruiter, which the operator is told of.
    """
    found = _whose(unit, assignment_id, participant_id)
    if found is None or not _may_report(unit, found, event_type, recruiter):
        return
    if event_type in ("AssignmentSubmitted", "BotAssignmentSubmitted"):
        finish_participant(unit, found)
    elif event_type in LOST:
        lose_participant(unit, found, LOST[event_type])


def _may_report(unit: Unit, participant_id: int, event_type: str, recruiter: str | None) -> bool:
    own = unit.work.participant(participant_id).recruiter
    if recruiter is None or own.partition(":")[0] == recruiter:
        return True
    budget.tell(
        unit,
        f"{recruiter} reported {event_type} for participant {participant_id}, who came from {own}. Nothing "
        f"was changed; look whether two studies share assignment ids.",
    )
    return False


def _whose(unit: Unit, assignment_id: str, participant_id: int | None) -> int | None:
    if participant_id is not None:
        try:
            return unit.work.participant(participant_id).id
        except NotFound:
            return None
    claimed = unit.work.item((f"assignment#{assignment_id}", "#"))
    return None if claimed is None else int(claimed["participant_id"])
