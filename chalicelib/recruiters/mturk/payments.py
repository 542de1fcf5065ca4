"""Pays workers: an approval pays the HIT's reward, a bonus any amount; a compensation has its own HIT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.model.run_records import SCREEN_OUT
from chalicelib.ports import Transfer

from .hit_questions import compensation_question
from .hits import HitClient, HitTemplate
from .mturk_errors import TurkRefused
from .qualifications import QualificationTypes, exclusive
from .request_tokens import annotation, mark, request_token
from .requester import Requester

#: The kind of HIT that compensates a worker.
COMPENSATION = "compensation"
_APPROVED = "approved"
_MOST_CHARACTERS = 1000
_LIFETIME = timedelta(days=30)
_TIME_TO_SUBMIT = timedelta(hours=1)
#: The auto-approval delay: a submission is approved, and so paid, immediately.
_AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class CompensationHit:
    """A HIT that only one worker can see, and its address for them."""

    hit_id: str
    address: str


class MTurkPayments:
    """The payments of one run."""

    def __init__(self, requester: Requester, app_id: str) -> None:
        """`requester`: the connection; `app_id` keeps the tokens of runs apart."""
        self._requester = requester
        self._app_id = app_id
        self._hits = HitClient(requester)

    # -- base pay -------------------------------------------------------------------------------

    def approve(self, assignment_id: str) -> str:
        """Approve an assignment, which pays its HIT's reward; idempotent."""
        try:
            self._requester.ask("approve_assignment", AssignmentId=assignment_id)
        except TurkRefused as refused:
            if refused.reason != "InvalidAssignmentState":
                raise
            return self._what_it_is(assignment_id)
        return _APPROVED

    def find_approval(self, assignment_id: str) -> str | None:
        """Find whether an assignment is approved, by Petri or by Mechanical Turk itself after some days."""
        try:
            return _APPROVED if self.status(assignment_id) == "Approved" else None
        except TurkRefused as refused:
            if refused.knows_no_assignment:
                return None
            raise

    def _what_it_is(self, assignment_id: str) -> str:
        status = self.status(assignment_id)
        if status == "Approved":
            return _APPROVED
        if status == "Rejected":
            raise VendorRefused(
                "This assignment was rejected at Mechanical Turk, so it can't be approved to pay base; "
                "overturn the rejection at requester.mturk.com, or use petri compensate."
            )
        raise VendorUnreachable(
            "The worker hasn't submitted this assignment at Mechanical Turk, or it isn't listed yet; "
            "base pay is tried again. A worker who returned it is paid by petri compensate."
        )

    def is_submitted(self, transfer: Transfer) -> bool:
        """Whether this worker submitted this assignment; only then can it get a bonus.

        Mechanical Turk can give the id of a returned assignment to another worker.
        """
        try:
            found = self._assignment(transfer.assignment_id)
        except TurkRefused as refused:
            if refused.knows_no_assignment:
                return False
            raise
        return found is not None and found["WorkerId"] == transfer.worker_id

    def status(self, assignment_id: str) -> str | None:
        """Return Submitted, Approved or Rejected; None before it is submitted and after it was returned.

        TurkRefused when there is no such assignment.
        """
        found = self._assignment(assignment_id)
        return None if found is None else str(found["AssignmentStatus"])

    def _assignment(self, assignment_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._requester.ask("get_assignment", AssignmentId=assignment_id)
        except TurkRefused as refused:
            if refused.reason == "InvalidAssignmentState":
                return None
            raise
        return dict(found["Assignment"])

    # -- bonus ----------------------------------------------------------------------------------

    def send_bonus(self, transfer: Transfer) -> str:
        """Send a bonus, once for each token; Mechanical Turk remembers tokens for 24 hours."""
        sign = self._sign(transfer)
        try:
            self._requester.ask(
                "send_bonus",
                WorkerId=transfer.worker_id,
                AssignmentId=transfer.assignment_id,
                BonusAmount=f"{transfer.amount:.2f}",
                Reason=f"{(transfer.reason or 'Thank you.')[:_MOST_CHARACTERS]} [{sign}]",
                UniqueRequestToken=self._token(transfer),
            )
        except TurkRefused as refused:
            if not refused.is_repeat and self.find_bonus(transfer) is None:
                raise
        return sign

    def find_bonus(self, transfer: Transfer) -> str | None:
        """Find the assignment's bonus with this payment's marker."""
        sign = self._sign(transfer)
        try:
            sent = [
                one["Reason"]
                for one in self._requester.every(
                    "list_bonus_payments", "BonusPayments", AssignmentId=transfer.assignment_id
                )
            ]
        except TurkRefused as refused:
            if refused.knows_no_assignment:
                return None
            raise
        return sign if any(reason.endswith(f"[{sign}]") for reason in sent) else None

    def _token(self, transfer: Transfer) -> str:
        return request_token(self._app_id, transfer.assignment_id, transfer.token, transfer.kind)

    def _sign(self, transfer: Transfer) -> str:
        return mark(self._app_id, transfer.assignment_id, transfer.token, transfer.kind)

    # -- compensation ---------------------------------------------------------------------------

    def compensate(self, transfer: Transfer) -> str:
        """Create a HIT with this reward that only this worker sees; return its id."""
        return self.open_compensation(transfer).hit_id

    def open_compensation(self, transfer: Transfer) -> CompensationHit:
        """Give the worker their own qualification and create a HIT that requires it, once for each token."""
        found = self._find_compensation(transfer)
        if found is not None:
            return found
        qualifications = QualificationTypes(self._requester)
        sign = self._sign(transfer)
        qualification = qualifications.find_or_create(
            f"Compensation {sign}", "Given to one worker, who is compensated for their time."
        )
        # The operator notifies compensated workers of the HIT; Mechanical Turk emails screened-out ones.
        qualifications.give(qualification, transfer.worker_id, 1, notify=transfer.kind == SCREEN_OUT)
        return self._open(transfer, exclusive(qualification))

    def _open(self, transfer: Transfer, requirement: dict[str, Any]) -> CompensationHit:
        text = transfer.reason or "Compensation for your time"
        offer = HitTemplate(
            title="Compensation for an earlier HIT",
            description=text[:_MOST_CHARACTERS],
            keywords="compensation",
            reward=transfer.amount,
            duration=_TIME_TO_SUBMIT,
            lifetime=_LIFETIME,
            auto_approval=_AT_ONCE,
        )
        type_id = self._hits.make_type(offer, [requirement], None)
        question = compensation_question(offer.description)
        hit = self._hits.make(
            type_id, question, 1, offer.lifetime, self._token(transfer), self._note(transfer)
        )
        if hit is None:
            raise VendorUnreachable(
                "Mechanical Turk has opened this compensation before but doesn't list it yet; "
                "it is asked again later."
            )
        return self._compensation(hit.id, hit.group)

    def find_compensation(self, transfer: Transfer) -> str | None:
        """Return the id of a compensation's HIT, or None."""
        found = self._find_compensation(transfer)
        return None if found is None else found.hit_id

    def _find_compensation(self, transfer: Transfer) -> CompensationHit | None:
        note = self._note(transfer)
        found = next((hit for hit in self._hits.all() if hit.annotation == note), None)
        return None if found is None else self._compensation(found.id, found.group)

    def _note(self, transfer: Transfer) -> str:
        return annotation(self._app_id, COMPENSATION, self._token(transfer))

    def _compensation(self, hit_id: str, group: str) -> CompensationHit:
        return CompensationHit(hit_id, f"{self._requester.worker_site}/projects/{group}/tasks")
