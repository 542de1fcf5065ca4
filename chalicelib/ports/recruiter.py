"""Finds participants and pays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from chalicelib.model.participant import Participant


@dataclass(frozen=True, slots=True)
class RecruitmentResult:
    """The result of opening or closing places: a message for people, and entry addresses, if any."""

    message: str
    addresses: list[str] = field(default_factory=list)
    #: The recruiter's own state (JSON): the run stores it and passes it to the next call.
    recruiter_state: dict[str, Any] = field(default_factory=dict)
    #: When listings (HITs) expire, and which ones this call ended, by the recruiter's ids.
    ends: dict[str, datetime] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VendorReport:
    """An event that a recruiter reports: of one assignment, or of a listing (a HIT) as a whole."""

    event_type: str
    assignment_id: str = ""
    hit_id: str = ""
    #: When it happened; None when the recruiter doesn't say.
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing of places (a HIT) as its recruiter shows it."""

    #: Until when the places can be taken.
    ends: datetime
    #: How many places are free.
    left: int


@dataclass(frozen=True, slots=True)
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


class Recruiter(Protocol):
    """Finds participants and pays them. Its errors are VendorErrors; it keeps nothing itself."""

    nickname: str
    #: Whether completing the experiment is already the submission, or the recruiter reports it later.
    auto_submits: bool

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open n more places; a repeat with the same token opens them once."""

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Open no more places."""

    def prepare(self, transfer: Transfer) -> str | None:
        """Make the first of two calls, where the vendor needs two; its result is stored before `pay`."""

    def pay(self, transfer: Transfer) -> str:
        """Pay once for each token; return the recruiter's reference, for a repeat too."""

    def find_payment(self, transfer: Transfer) -> str | None:
        """Ask whether a payment has happened: its reference, or None."""

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Say what became of an assignment; None when the recruiter doesn't know it.

        One of working, submitted, approved, rejected, returned, abandoned.
        """

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Say what the recruiter charges for a payment, in US dollars; `places`: how many were opened."""

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Mark somebody as having taken part, where the recruiter has such marks."""

    def submit_address(self, participant: Participant) -> str:
        """Where the exit page sends this participant, or ""."""
