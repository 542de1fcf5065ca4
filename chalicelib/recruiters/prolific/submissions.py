"""Reads the status of submissions, approves them and screens them out.

Sources: docs.prolific.com, "Submission object" (statuses), "Approve or reject a submission" (idempotent),
"Retrieve a submission"; PROCESSING appears for moments (mephisto.ai, "Prolific API oddities").
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.model.statuses import AssignmentStatus

from .client import ProlificClient, ProlificNotFound, status_in
from .completion_codes import FINISHED_FOR_THEM, SCREENED_OUT, CompletionCodes

logger = logging.getLogger("petri.prolific")

IN_PROGRESS = ("RESERVED", "ACTIVE")
WAITING = "AWAITING REVIEW"
PROCESSING = "PROCESSING"
#: Statuses of submissions whose participants may begin.
OPEN = (*IN_PROGRESS, PROCESSING)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
APPROVED = ("APPROVED", "PARTIALLY APPROVED")
OUT = "SCREENED OUT"
TIMED_OUT = "TIMED OUT"
#: Petri's status for each of Prolific's. Prolific has paid participants whom it screened out; they are owed
#: no more.
ASSIGNMENT_STATUSES = {
    "RESERVED": AssignmentStatus.WORKING,
    "ACTIVE": AssignmentStatus.WORKING,
    PROCESSING: AssignmentStatus.WORKING,
    WAITING: AssignmentStatus.SUBMITTED,
    "APPROVED": AssignmentStatus.APPROVED,
    "PARTIALLY APPROVED": AssignmentStatus.APPROVED,
    "REJECTED": AssignmentStatus.REJECTED,
    "RETURNED": AssignmentStatus.RETURNED,
    OUT: AssignmentStatus.RETURNED,
    TIMED_OUT: AssignmentStatus.ABANDONED,
}
#: The notification that each status corresponds to; the others are polled at the deadline.
EVENTS = {
    "ACTIVE": "AssignmentAccepted",
    WAITING: "AssignmentSubmitted",
    "APPROVED": "AssignmentSubmitted",
    "PARTIALLY APPROVED": "AssignmentSubmitted",
    "RETURNED": "AssignmentReturned",
    OUT: "AssignmentReturned",
    TIMED_OUT: "AssignmentAbandoned",
}


@dataclass(frozen=True, slots=True)
class SubmissionReport:
    """A notification about an assignment, in the format of `/notifications`."""

    event_type: str
    assignment_id: str
    worker_id: str


def report_for_status(submission_id: str, status: str, worker_id: str) -> SubmissionReport | None:
    """Return the notification that a status corresponds to; None if there is nothing to do."""
    event_type = EVENTS.get(status)
    if event_type is None:
        logger.info("A submission of Prolific is %s: nothing to do", status)
        return None
    return SubmissionReport(event_type, submission_id, worker_id)


@dataclass(frozen=True)
class Submissions:
    """Reads submissions, approves them and screens them out."""

    client: ProlificClient
    codes: CompletionCodes

    def get(self, submission_id: str) -> dict[str, Any]:
        """Return a submission in Prolific's format: status, participant, study_id, bonus_payments ..."""
        return self.client.get(f"/submissions/{submission_id}/")

    def status(self, submission_id: str) -> str:
        """Return a submission's status, as `status_in` spells it."""
        return status_in(self.get(submission_id))

    def is_open(self, submission_id: str, worker_id: str, study_id: str) -> bool:
        """Whether a submission is in progress, by this participant and for this study."""
        if not _ID.fullmatch(submission_id):
            # The id becomes part of an address.
            return False
        try:
            found = self.get(submission_id)
        except ProlificNotFound:
            return False
        status = str(found.get("status", "")).upper().replace("_", " ")
        whose = str(found.get("participant_id") or found.get("participant") or "")
        return (status, whose, found.get("study_id", study_id)) in {(s, worker_id, study_id) for s in OPEN}

    def assignment_status(self, submission_id: str) -> str | None:
        """Return the status of an assignment; None when Prolific doesn't know it."""
        try:
            return ASSIGNMENT_STATUSES.get(self.status(submission_id))
        except ProlificNotFound:
            return None

    def reports(self, study_id: str) -> Iterator[SubmissionReport]:
        """Return notifications about every submission of a study, whether or not their webhooks arrived."""
        for found in self.client.list("/submissions/", study=study_id):
            worker_id = str(found.get("participant_id") or found.get("participant") or "")
            report = report_for_status(str(found["id"]), status_in(found), worker_id)
            if report is not None:
                yield report

    def approve(self, submission_id: str) -> str:
        """Approve a submission, which pays the study's reward; idempotent.

        Submits first on behalf of a participant who finished but never returned to Prolific, since pay is
        owed.
        """
        status = self.status(submission_id)
        if status in IN_PROGRESS:
            self._complete(submission_id, FINISHED_FOR_THEM)
        elif status not in (*APPROVED, WAITING, TIMED_OUT):
            raise self._wrong(submission_id, status)
        if status not in APPROVED:
            self._transition(submission_id, {"action": "APPROVE"})
        return f"approved:{submission_id}"

    def screen_out(self, submission_id: str) -> str:
        """Screen a submission out, which pays the study's fixed fee; idempotent."""
        status = self.status(submission_id)
        if status in IN_PROGRESS:
            self._complete(submission_id, SCREENED_OUT)
        elif status != OUT:
            raise self._wrong(submission_id, status)
        return f"screened-out:{submission_id}"

    def find_approval(self, submission_id: str) -> str | None:
        """Return the reference of an approval, or None before it."""
        return f"approved:{submission_id}" if self.status(submission_id) in APPROVED else None

    def find_screen_out(self, submission_id: str) -> str | None:
        """Return the reference of a screening out, or None before it."""
        return f"screened-out:{submission_id}" if self.status(submission_id) == OUT else None

    def _complete(self, submission_id: str, ending: str) -> None:
        code = self.codes.code(ending)
        self._transition(submission_id, {"action": "COMPLETE", "completion_code": code})

    def _transition(self, submission_id: str, body: dict[str, Any]) -> None:
        self.client.post(f"/submissions/{submission_id}/transition/", body)

    @staticmethod
    def _wrong(submission_id: str, status: str) -> VendorRefused | VendorUnreachable:
        if status == PROCESSING:
            return VendorUnreachable(f"Prolific is still at work on submission {submission_id}.")
        return VendorRefused(
            f"Prolific's submission {submission_id} is {status}, and nothing can be paid for it this way; "
            "if it is still owed, pay it as a compensation."
        )
