"""Defines the base class of all recruiters: each method for a recruiter that lacks its capability."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chalicelib.errors import Forbidden, VendorRefused
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, Listing, RecruitmentResult, Transfer, VendorReport

if TYPE_CHECKING:
    from chalicelib.ports.vendor_account import VendorAccount


class NullRecruiter:
    """Opens no places and makes no payments: it refuses both, so that no payment is recorded by mistake.

    Subclass it, state the `capabilities`, and override the methods that belong to them.
    """

    nickname = "null"
    capabilities: Capabilities = Capabilities()

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Refuse to open places."""
        del n, token, recruiter_state
        raise VendorRefused(f"The recruiter {self.nickname!r} can't open places. Choose another recruiter.")

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Confirm that recruitment is closed; there are no places to close."""
        return RecruitmentResult("Recruitment is closed.", recruiter_state=dict(recruiter_state))

    def prepare(self, transfer: Transfer) -> str | None:
        """Return None: a payment is one call."""
        del transfer
        return None

    def pay(self, transfer: Transfer) -> str:
        """Refuse to pay."""
        raise VendorRefused(
            f"The recruiter {self.nickname!r} can't pay (participant {transfer.participant_id}, "
            f"{transfer.kind}). Pay in another way, and record it in the ledger."
        )

    def find_payment(self, transfer: Transfer) -> str | None:
        """Return None: there are no payments to find."""
        del transfer
        return None

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return None: no assignment is known."""
        del assignment_id, recruiter_state
        return None

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Return 0: there is no fee."""
        del amount, places
        return Decimal(0)

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Do nothing: there are no qualifications."""

    def submit_address(self, participant: Participant) -> str:
        """Return "": the exit page tells the participant to close the window."""
        del participant
        return ""

    def fetch_listing(self, hit_id: str) -> Listing | None:
        """Return None: there are no listings."""
        del hit_id
        return None

    def check_entry(self, worker_id: str, hit_id: str, assignment_id: str, signed: str | None) -> None:
        """Accept every entry: entry links are not signed."""

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Raise Forbidden: entry links are not signed."""
        del link
        raise Forbidden("This study has no entry links of this sort.", code="entry_link_invalid")

    def entry_address(self, worker_id: str, page: str, serial: int = 0) -> str:
        """Raise Forbidden: entry links are not signed."""
        del worker_id, page, serial
        raise Forbidden("This study has no entry links of this sort.", code="entry_link_invalid")

    def entry_hit(self, serial: int) -> str:
        """Raise Forbidden: entry links are not signed."""
        del serial
        raise Forbidden("This study has no entry links of this sort.", code="entry_link_invalid")

    def confirm_entry(
        self, worker_id: str, hit_id: str, assignment_id: str, recruiter_state: Mapping[str, Any]
    ) -> None:
        """Accept every entry: there is no vendor to ask."""

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Refuse to start a bot."""
        del entry
        raise VendorRefused(f"The recruiter {self.nickname!r} can't start a bot that replaces a participant.")

    def send_message(self, worker_id: str, hit_id: str, subject: str, text: str) -> None:
        """Refuse to send a message: there is no service that delivers it."""
        del worker_id, hit_id, subject, text
        raise VendorRefused(f"The recruiter {self.nickname!r} can't send messages to participants.")

    def read_account(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Refuse: there is no account."""
        del recruiter_state
        raise VendorRefused(f"The recruiter {self.nickname!r} has no account that could be shown.")

    def receive_webhook(self, headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        """Raise Forbidden: there is no vendor that sends webhooks."""
        del headers, body
        raise Forbidden(f"The recruiter {self.nickname!r} accepts no webhooks.", code="unverified_sender")
