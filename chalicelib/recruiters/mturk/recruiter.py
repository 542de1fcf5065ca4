"""The Mechanical Turk recruiter: places are HITs, payments are approvals and bonuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from chalicelib.model.participant import Participant
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT
from chalicelib.model.statuses import AssignmentStatus
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import Capabilities, Clock, Listing, RecruitmentResult, Transfer
from chalicelib.recruiters.null_recruiter import NullRecruiter

from . import fees
from .assignment_verifier import AssignmentVerifier
from .hit_questions import ad_address
from .hit_slots import HitSlots, Topic
from .mturk_errors import TurkRefused
from .notices import notify_worker
from .payments import MTurkPayments
from .qualifications import QualificationTypes
from .requester import SUBMIT_SITES, Requester, connect

if TYPE_CHECKING:
    from chalicelib.ports.vendor_account import VendorAccount


class MTurkRecruiter(NullRecruiter):
    """Recruits and pays at Mechanical Turk, in the sandbox or live."""

    nickname = "mturk"
    #: Amazon approves every assignment that isn't rejected, and Petri rejects none: any submission is paid.
    capabilities = Capabilities(
        auto_submits=False,
        pays_any_submission=True,
        has_listings=True,
        confirms_entries=True,
        sends_messages=True,
        has_account=True,
    )

    def __init__(
        self,
        requester: Requester,
        config: SettingsLike,
        base: Callable[[], str],
        clock: Clock,
        *,
        app_id: str,
        topic: Topic = None,
    ) -> None:
        """`base` returns the https address of the experiment; `topic`: the SNS topic for events."""
        self._requester = requester
        self._config, self._clock, self._app_id = config, clock, app_id
        self._places = HitSlots(
            requester, config, clock, lambda: ad_address(base(), requester.market), app_id, topic
        )
        self._payments = MTurkPayments(requester, app_id)
        self._entrance = AssignmentVerifier(requester.quick(), app_id)
        self._qualifications = QualificationTypes(requester)

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places; a repeat with the same token opens them once."""
        if n < 1:
            return RecruitmentResult("No places were asked for.", recruiter_state=dict(recruiter_state))
        return self._places.open(n, token, recruiter_state)

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Expire the run's HITs; workers who have accepted one can still finish."""
        return self._places.close(recruiter_state)

    def fetch_listing(self, hit_id: str) -> Listing | None:
        """Return a HIT of this run as Mechanical Turk shows it; None when there is none with this id."""
        return self._places.look(hit_id)

    def pay(self, transfer: Transfer) -> str:
        """Pay once for each token: base pay by approval, a bonus with the assignment, others by a HIT.

        A screen-out fee is paid with the assignment, too, if that was submitted.
        """
        if transfer.kind == BASE:
            return self._payments.approve(transfer.assignment_id)
        if transfer.kind == BONUS:
            return self._payments.send_bonus(transfer)
        if transfer.kind == SCREEN_OUT and self._payments.is_submitted(transfer):
            return self._payments.send_bonus(transfer)
        return self._payments.compensate(transfer)

    def find_payment(self, transfer: Transfer) -> str | None:
        """Return the reference of a payment that was made, or None."""
        if transfer.kind == BASE:
            return self._payments.find_approval(transfer.assignment_id)
        if transfer.kind == BONUS:
            return self._payments.find_bonus(transfer)
        with_assignment = self._payments.find_bonus(transfer) if transfer.kind == SCREEN_OUT else None
        return with_assignment or self._payments.find_compensation(transfer)

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return the status of an assignment; None when Mechanical Turk has none with this id.

        Mechanical Turk doesn't distinguish assignments in progress from returned ones: when no worker at
        all is working on the run's HITs, this one was abandoned.
        """
        try:
            status = self._payments.status(assignment_id)
        except TurkRefused as refused:
            if refused.knows_no_assignment:
                return None
            raise
        if status is not None:
            return status.lower()
        is_pending = self._places.has_pending(recruiter_state)
        return AssignmentStatus.WORKING if is_pending else AssignmentStatus.ABANDONED

    def confirm_entry(
        self, worker_id: str, hit_id: str, assignment_id: str, recruiter_state: Mapping[str, Any]
    ) -> None:
        """Verify that an assignment is in progress at one of this run's HITs; see `AssignmentVerifier`."""
        del recruiter_state
        self._entrance.confirm(worker_id, hit_id, assignment_id)

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Return Amazon's fee on a payment in US dollars; `places`: how many the HIT has."""
        return fees.fee(amount, places)

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Give a worker the qualification with this name, which is created if there is none."""
        found = self._qualifications.find_or_create(name, f"Has taken part in {name}.")
        self._qualifications.give(found, worker_id, score)

    def send_message(self, worker_id: str, hit_id: str, subject: str, text: str) -> None:
        """Email a worker through Mechanical Turk, which does so for workers whose work was approved."""
        del hit_id
        notify_worker(self._requester, worker_id, subject, text)

    def revoke(self, worker_id: str, name: str, reason: str = "") -> None:
        """Revoke the qualification with this name from a worker; does nothing for a worker without it."""
        found = self._qualifications.find(name)
        if found is None:
            return
        try:
            self._qualifications.take(found, worker_id, reason)
        except TurkRefused as refused:
            if refused.reason != "QualificationDoesNotExist":
                raise

    def balance(self) -> Decimal:
        """Return the available balance of the requester's account, in US dollars."""
        return Decimal(self._requester.ask("get_account_balance")["AvailableBalance"])

    def read_account(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Return the run's HITs, the balance, and the qualifications in use with their holders' numbers."""
        # Lazy import: only the dashboard shows the account.
        from .mturk_account import MTurkAccountReader

        quick = self._requester.quick()
        try:
            return MTurkAccountReader(quick, self._config, self._clock, self._app_id).read(recruiter_state)
        finally:
            quick.close()

    def submit_address(self, participant: Participant) -> str:
        """Return the address to which the exit page submits the assignment, only at Mechanical Turk."""
        site = _site_of(str(participant.entry_information.get("turkSubmitTo") or ""))
        if site not in SUBMIT_SITES.values():
            site = SUBMIT_SITES[self._requester.market]
        query = urlencode({"assignmentId": participant.assignment_id, "participantId": participant.id})
        return f"{site}/mturk/externalSubmit?{query}"

    def close(self) -> None:
        """Close connections."""
        self._requester.close()
        self._entrance.close()


def _site_of(address: str) -> str:
    """Return an address's scheme and host; "" for a malformed one, since it came from a page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def build(
    config: SettingsLike, base: Callable[[], str], clock: Clock, *, app_id: str, topic: Topic = None
) -> MTurkRecruiter:
    """Build the recruiter of a run: live in mode live, else in the sandbox."""
    market = "live" if config.get("mode", None) == "live" else "sandbox"
    return MTurkRecruiter(connect(config, market), config, base, clock, app_id=app_id, topic=topic)
