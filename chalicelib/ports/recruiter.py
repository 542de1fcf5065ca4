"""Finds participants and pays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.immutable import immutable
from chalicelib.model.participant import Participant

if TYPE_CHECKING:
    from .vendor_account import VendorAccount


@immutable()
class RecruitmentResult:
    """The result of opening or closing places: a message for people, and entry addresses, if any."""

    message: str
    addresses: list[str] = field(default_factory=list)
    #: The recruiter's own state (JSON): the run stores it and passes it to the next call.
    recruiter_state: dict[str, Any] = field(default_factory=dict)
    #: When listings (HITs) expire, and which ones this call ended, by the recruiter's ids.
    ends: dict[str, datetime] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


@immutable()
class VendorReport:
    """An event that a recruiter reports: of one assignment, or of a listing (a HIT) as a whole."""

    event_type: str
    assignment_id: str = ""
    hit_id: str = ""
    #: When it happened; None when the recruiter doesn't say.
    at: datetime | None = None


@immutable()
class Listing:
    """A listing of places (a HIT) as its recruiter shows it."""

    #: Until when the places can be taken.
    ends: datetime
    #: How many places are free.
    left: int


@immutable()
class Transfer:
    """One payment for a recruiter to make."""

    recruiter: str
    participant_id: int
    assignment_id: str
    worker_id: str
    hit_id: str
    #: base, bonus, compensation or screen-out.
    kind: str
    #: US dollars, whole cents.
    amount: Decimal
    reason: str
    #: The idempotency key: the same on each retry.
    token: str
    #: What `prepare` returned earlier.
    reference: str | None = None
    #: Whether an earlier attempt may have succeeded: look the payment up before sending it.
    is_retry: bool = False
    #: When the last attempt began; a vendor that settles later is not asked again before.
    tried_at: datetime | None = None
    #: When a paid payment of the same amount, which the vendor can't tell from this one, was last sent.
    indistinguishable_sent_at: datetime | None = None


@immutable(kw_only=True)
class Capabilities:
    """What a recruiter can do, and who does what at the end; the defaults describe one without a platform."""

    #: Completing the experiment is the submission. False: the recruiter reports submissions later, by itself.
    auto_submits: bool = True
    #: It recruits and pays without calling anyone, so that both happen within a commit.
    is_simulated: bool = False
    #: Petri can submit for a participant who finished and never returned to the recruiter.
    can_submit_on_behalf: bool = False
    #: It pays the full reward for each submission, whether the participant passed or not.
    pays_any_submission: bool = False
    #: A participant who is screened out is paid without submitting anything.
    screens_out_without_submission: bool = False
    #: It answers `fetch_listing`.
    has_listings: bool = False
    #: It makes signed entry links, and answers `check_entry` and `read_entry`.
    signs_entries: bool = False
    #: It answers `confirm_entry`, which is asked before a participant is seated.
    confirms_entries: bool = False
    #: It answers `start_replacement_bot`.
    starts_replacement_bots: bool = False
    #: Its participants are bots: the later sessions of a study open at once for them.
    recruits_bots: bool = False
    #: It answers `receive_webhook`.
    receives_webhooks: bool = False
    #: It answers `send_message`: participants get messages at the recruiter's own service.
    sends_messages: bool = False
    #: Its participants get credit with their base pay, so that base pay is sent also when it is zero.
    grants_credit: bool = False
    #: It answers `read_account`: its vendor shows listings, and what the account holds.
    has_account: bool = False

    @property
    def screens_out_at_once(self) -> bool:
        """Whether a participant who is screened out can be paid before any submission."""
        return self.auto_submits or self.screens_out_without_submission


class Recruiter(Protocol):
    """Finds participants and pays them.

    Its errors are VendorErrors. It stores nothing itself: what it must know again is in the
    `recruiter_state` that it returns. `chalicelib.recruiters.null_recruiter.NullRecruiter` implements each
    method for a recruiter without the capability.
    """

    nickname: str

    @property
    def capabilities(self) -> Capabilities:
        """What this recruiter can do."""

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places; a repeat with the same token opens them once."""

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Close the free places; participants who have begun can finish."""

    def prepare(self, transfer: Transfer) -> str | None:
        """Make the first of two calls, where the vendor needs two; its result is stored before `pay`."""

    def pay(self, transfer: Transfer) -> str:
        """Pay once for each token; return the recruiter's reference, for a repeat too."""

    def find_payment(self, transfer: Transfer) -> str | None:
        """Look up a payment; return its reference, or None when it was not made."""

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return the status of an assignment, or None for one that the recruiter doesn't know.

        One of working, submitted, approved, rejected, returned, abandoned.
        """

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Return the recruiter's fee for a payment, in US dollars; `places`: how many were opened."""

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Grant a worker a qualification, where the recruiter has qualifications."""

    def submit_address(self, participant: Participant) -> str:
        """Return the URL to which the exit page sends a participant, or ""."""

    def fetch_listing(self, hit_id: str) -> Listing | None:
        """Return a listing of this run, or None when the recruiter has none with this id."""

    def check_entry(self, worker_id: str, hit_id: str, assignment_id: str, signed: str | None) -> None:
        """Raise Forbidden for ids that don't match the signed part of an entry link (`signed`)."""

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker id, assignment id and signed part of an entry link; Forbidden for a forged one."""

    def entry_address(self, worker_id: str, page: str, serial: int = 0) -> str:
        """Return the signed link with which a worker takes part, to a page of the run such as "exp".

        `serial`: how often the worker's link was renewed; each link has a HIT id of its own. Forbidden for a
        recruiter that signs no links.
        """

    def entry_hit(self, serial: int) -> str:
        """Return the HIT id in links that were renewed so many times; Forbidden without signed links."""

    def confirm_entry(
        self, worker_id: str, hit_id: str, assignment_id: str, recruiter_state: Mapping[str, Any]
    ) -> None:
        """Ask the vendor whether an assignment belongs to this run and this worker.

        Raises Forbidden when it doesn't, Busy when the vendor doesn't know the assignment yet.
        """

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot that takes the place of a participant who is gone, under the same ids."""

    def send_message(self, worker_id: str, hit_id: str, subject: str, text: str) -> None:
        """Send a participant a message at the recruiter's service.

        Raises VendorRefused when the recruiter won't deliver it, VendorUnreachable when it may do so later.
        """

    def read_account(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Ask the vendor for the run's listings and the account's balance, without ids of participants.

        It calls the vendor several times, so it is called outside of any unit of work.
        """

    def receive_webhook(self, headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        """Verify a message that the vendor sent over HTTP and return its reports; Forbidden for a forgery."""
