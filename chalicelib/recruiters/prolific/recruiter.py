"""The Prolific recruiter: a study for the places, submissions for base pay, bonuses for other payments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from chalicelib.errors import Forbidden, VendorRefused
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, Clock, RecruitmentResult, Transfer, VendorReport
from chalicelib.recruiters.null_recruiter import NullRecruiter

from .bonuses import Bonuses
from .client import ProlificClient
from .completion_codes import CompletionCodes
from .participant_groups import ParticipantGroups
from .prolific_settings import ProlificSettings
from .studies import Studies
from .submissions import SubmissionReport, Submissions
from .webhooks import Webhooks

if TYPE_CHECKING:
    from chalicelib.ports.vendor_account import VendorAccount

CENT = Decimal("0.01")
BASE, SCREEN_OUT = "base", "screen-out"
#: The path of webhooks below the experiment's address; they are recognised by their signature.
WEBHOOK_PATH = "/notifications"


class ProlificRecruiter(NullRecruiter):
    """Recruits and pays at Prolific. It is stateless: its state is in the results that it returns.

    An assignment is Prolific's submission (SESSION_ID), a HIT its study (STUDY_ID), a worker its participant
    (PROLIFIC_PID).
    """

    nickname = "prolific"
    #: Petri completes the submissions of participants who were screened out or never returned to Prolific.
    capabilities = Capabilities(
        auto_submits=False,
        can_submit_on_behalf=True,
        screens_out_without_submission=True,
        confirms_entries=True,
        receives_webhooks=True,
        sends_messages=True,
        has_account=True,
    )

    def __init__(
        self,
        settings: ProlificSettings,
        client: ProlificClient,
        base: Callable[[], str],
        clock: Clock,
        secret: str,
    ) -> None:
        """`base` returns the experiment's address; completion codes are derived from the run's `secret`."""
        self._settings = settings
        self._base = base
        self._codes = CompletionCodes(secret)
        self._client = client
        self._groups = ParticipantGroups(client, settings.workspace)
        self._studies = Studies(client, settings, self._codes, self._groups, base)
        self._submissions = Submissions(client, self._codes)
        self._quick_submissions = Submissions(client.quick(), self._codes)
        self._bonuses = Bonuses(client, self._submissions, clock)
        self._webhooks = Webhooks(client, settings.workspace, clock, settings.webhook_secret)

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Publish a study with n places, or add n to the one that is open; the same token opens them once."""
        if self._settings.mode == "live" and self._settings.workspace and not recruiter_state.get("studies"):
            self._webhooks.subscribe(f"{self._base().rstrip('/')}{WEBHOOK_PATH}")
        return self._studies.open(n, token, recruiter_state)

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Stop the study; participants who have begun can finish."""
        return self._studies.close(recruiter_state)

    def prepare(self, transfer: Transfer) -> str | None:
        """Set up a bonus; base pay and screen-out fees need no preparation."""
        return None if transfer.kind in (BASE, SCREEN_OUT) else self._bonuses.set_up(transfer)

    def pay(self, transfer: Transfer) -> str:
        """Approve (base pay), screen out, or pay a bonus that was set up."""
        if transfer.kind == BASE:
            return self._submissions.approve(transfer.assignment_id)
        if transfer.kind == SCREEN_OUT:
            self._check_screen_out(transfer)
            return self._submissions.screen_out(transfer.assignment_id)
        return self._bonuses.pay(transfer)

    def find_payment(self, transfer: Transfer) -> str | None:
        """Find a payment; VendorUnreachable while a bonus may be in flight."""
        if transfer.kind == BASE:
            return self._submissions.find_approval(transfer.assignment_id)
        if transfer.kind == SCREEN_OUT:
            return self._submissions.find_screen_out(transfer.assignment_id)
        return self._bonuses.find(transfer)

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return the status of a submission; None when Prolific doesn't know it."""
        del recruiter_state
        return self._submissions.assignment_status(assignment_id)

    def confirm_entry(
        self, worker_id: str, hit_id: str, assignment_id: str, recruiter_state: Mapping[str, Any]
    ) -> None:
        """Verify that a submission is this participant's, open, and of one of this run's studies.

        Forbidden when it isn't. Prolific creates a submission when its participant takes the place, before
        they are redirected here, so it knows every submission.
        """
        studies = {str(study["id"]) for study in recruiter_state.get("studies", ())}
        if hit_id not in studies or not self._quick_submissions.is_open(assignment_id, worker_id, hit_id):
            raise Forbidden(
                "Prolific has no open submission of yours for this study. Open the study from Prolific once "
                "more.",
                code="entry_not_known",
            )

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Return Prolific's fee for a payment, and the tax on it, rounded up to the cent."""
        del places
        return (amount * self._settings.fee_rate).quantize(CENT, ROUND_CEILING)

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Add a participant to the participant group with this name; groups have no scores."""
        del score
        self._groups.add(worker_id, name)

    def submit_address(self, participant: Participant) -> str:
        """Return the address to which the exit page leads: Prolific's, with the code of how they left."""
        return self._codes.exit_address(participant)

    def send_message(self, worker_id: str, hit_id: str, subject: str, text: str) -> None:
        """Send a participant a message at Prolific, about the study in which they took part."""
        body = {"recipient_id": worker_id, "study_id": hit_id, "body": f"{subject}\n\n{text}"}
        self._client.post("/messages/", body)

    def read_account(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Return the run's studies with their submissions by status, and the balance of the workspace."""
        # Lazy import: only the dashboard shows the account.
        from .prolific_account import ProlificAccountReader

        return ProlificAccountReader(self._client.quick(), self._settings).read(recruiter_state)

    def receive_webhook(self, headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        """Verify a webhook and return its notifications: one, or none if there is nothing to do.

        Raises Forbidden for a message that is old or not Prolific's, BadRequest for a malformed one.
        """
        report = self._webhooks.receive(headers, body)
        return [] if report is None else [VendorReport(report.event_type, report.assignment_id)]

    def reports(self, recruiter_state: Mapping[str, Any]) -> Iterator[SubmissionReport]:
        """Return notifications about all submissions of the run's studies, in case webhooks were lost."""
        for study in recruiter_state.get("studies", ()):
            yield from self._submissions.reports(study["id"])

    def _check_screen_out(self, transfer: Transfer) -> None:
        if transfer.amount * 100 != self._settings.screen_out:
            raise VendorRefused(
                f"The study pays {Decimal(self._settings.screen_out) / 100:.2f} for being screened out, and "
                f"{transfer.amount} are owed; pay the difference as a compensation."
            )
