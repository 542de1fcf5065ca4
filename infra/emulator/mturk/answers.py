"""Serializes the market's objects as in Mechanical Turk's responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .things import REVIEWED, Assignment, AssignmentState, EmulatedHit, QualificationType

_STATUS = {
    AssignmentState.SUBMITTED: "Submitted",
    AssignmentState.APPROVED: "Approved",
    AssignmentState.REJECTED: "Rejected",
}


def hit_response(hit: EmulatedHit, now: datetime) -> dict[str, Any]:
    fields = hit.type.fields
    copied_fields = ("Title", "Description", "Keywords", "Reward", "QualificationRequirements")
    return {
        "HITId": hit.id,
        "HITTypeId": hit.type.id,
        "HITGroupId": hit.group,
        "CreationTime": hit.created.timestamp(),
        "Expiration": hit.expires.timestamp(),
        "HITStatus": hit.status(now),
        "HITReviewStatus": "NotReviewed",
        "MaxAssignments": hit.places,
        "Question": hit.question,
        "RequesterAnnotation": hit.annotation,
        "AutoApprovalDelayInSeconds": fields["AutoApprovalDelayInSeconds"],
        "AssignmentDurationInSeconds": fields["AssignmentDurationInSeconds"],
        "NumberOfAssignmentsPending": hit.pending,
        "NumberOfAssignmentsAvailable": hit.available(now),
        "NumberOfAssignmentsCompleted": sum(one.state in REVIEWED for one in hit.assignments),
        **{name: fields[name] for name in copied_fields if name in fields},
    }


def assignment_response(assignment: Assignment) -> dict[str, Any]:
    moments = {
        "AcceptTime": assignment.accepted,
        "Deadline": assignment.deadline,
        "SubmitTime": assignment.submitted,
        "ApprovalTime": assignment.approved,
        "AutoApprovalTime": assignment.auto_approval,
    }
    return {
        "AssignmentId": assignment.id,
        "WorkerId": assignment.worker,
        "HITId": assignment.hit.id,
        "AssignmentStatus": _STATUS[assignment.state],
        "Answer": "",
        **{name: moment.timestamp() for name, moment in moments.items() if moment is not None},
    }


def qualification_response(kind: QualificationType) -> dict[str, Any]:
    return {
        "QualificationTypeId": kind.id,
        "Name": kind.name,
        "Description": kind.description,
        "QualificationTypeStatus": "Active",
        "IsRequestable": True,
    }
