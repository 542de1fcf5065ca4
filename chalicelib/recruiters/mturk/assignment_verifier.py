"""Verifies that the assignment of a new participant belongs to this run.

According to Amazon's reference, GetAssignment returns assignments that were submitted, approved or rejected,
and only the requester's own. For an assignment in progress it returns the error InvalidAssignmentState, which
proves that the assignment exists; for any other id it returns that there is none. An assignment that was
accepted a moment ago may not be known yet, so "there is none" is retried for a while before it counts.
GetAssignment doesn't say which worker has an assignment in progress, so the HIT is compared.
"""

from __future__ import annotations

from chalicelib.errors import Busy, Forbidden

from .hit_slots import PLACES
from .hits import HitClient
from .mturk_errors import TurkRefused
from .requester import Requester

#: Seconds between retries for an assignment that isn't known yet.
ASK_AGAIN = 3.0


class AssignmentVerifier:
    """Verifies assignments with Mechanical Turk before their workers are seated."""

    def __init__(self, requester: Requester, app_id: str) -> None:
        """`requester` has short timeouts, since a participant is waiting."""
        self._requester = requester
        self._hits = HitClient(requester)
        self._app_id = app_id

    def confirm(self, worker_id: str, hit_id: str, assignment_id: str) -> None:
        """Refuse an assignment that isn't this run's, or is over; Busy while it isn't known yet."""
        if not self._is_ours(hit_id):
            raise _not_known("This HIT isn't one of this study's. Open the HIT at Mechanical Turk once more.")
        try:
            found = self._requester.ask("get_assignment", AssignmentId=assignment_id)["Assignment"]
        except TurkRefused as refused:
            if refused.reason == "InvalidAssignmentState":
                return
            if refused.knows_no_assignment:
                raise Busy(
                    "Mechanical Turk doesn't know your assignment yet. Leave this page open: it asks again "
                    "by itself. If this lasts for more than two minutes, open the HIT once more.",
                    code="entry_not_confirmed",
                    retry_after=ASK_AGAIN,
                ) from refused
            raise
        if (found.get("WorkerId"), found.get("HITId")) != (worker_id, hit_id):
            raise _not_known("This assignment belongs to another worker. Open the HIT at Mechanical Turk.")
        raise _not_known("You have handed this assignment in at Mechanical Turk already, thank you.")

    def _is_ours(self, hit_id: str) -> bool:
        try:
            return self._hits.get(hit_id).is_of(self._app_id, PLACES)
        except TurkRefused as refused:
            if refused.reason == "HITDoesNotExist":
                return False
            raise

    def close(self) -> None:
        """Close connections."""
        self._requester.close()


def _not_known(sentence: str) -> Forbidden:
    return Forbidden(sentence, code="entry_not_known")
