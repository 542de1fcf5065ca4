"""A recruiter for tests: it pays again for the same token, fails on request, and lists every payment."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.ports import Capabilities, Listing, RecruitmentResult, Transfer
from chalicelib.recruiters.null_recruiter import NullRecruiter

Fault = Literal["refused", "unreachable", "answer lost"] | BaseException


class Vendor(NullRecruiter):
    """Reports submissions, manages its places, and charges a tenth of each payment."""

    nickname = "vendor"

    def __init__(self, *, auto_submits: bool = False) -> None:
        self.capabilities = Capabilities(auto_submits=auto_submits, has_listings=True)
        #: Every payment, in order: (participant, kind, amount).
        self.books: list[tuple[int, str, Decimal]] = []
        self.tokens: list[str] = []
        self.looks: list[str] = []
        #: The number of opened places, by token.
        self.opened: dict[str, int] = {}
        self.is_closed = False
        #: The outcomes of the next payments.
        self.faults: deque[Fault] = deque()
        #: The participants' qualifications.
        self.marks: list[tuple[str, str, int]] = []
        #: The outcomes of assignments.
        self.fates: dict[str, str] = {}
        #: Its listings, by id.
        self.offers: dict[str, Listing] = {}

    def change(self, **capabilities: bool) -> None:
        """Give the vendor other capabilities."""
        self.capabilities = replace(self.capabilities, **capabilities)

    @property
    def places(self) -> int:
        return sum(self.opened.values())

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        self.opened[token] = n
        self.is_closed = False
        ends = {hit_id: offered.ends for hit_id, offered in self.offers.items()}
        tokens = [*recruiter_state.get("tokens", []), token]
        return RecruitmentResult(f"{n} places are open.", recruiter_state={"tokens": tokens}, ends=ends)

    def fetch_listing(self, hit_id: str) -> Listing | None:
        return self.offers.get(hit_id)

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        self.is_closed = True
        return RecruitmentResult("Closed.", recruiter_state=dict(recruiter_state), ended=list(self.offers))

    def pay(self, transfer: Transfer) -> str:
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, BaseException):
            raise fault
        if fault == "refused":
            raise VendorRefused("The account is empty; fill it.")
        if fault == "unreachable":
            raise VendorUnreachable("No answer came; it is tried again.")
        self.books.append((transfer.participant_id, transfer.kind, transfer.amount))
        self.tokens.append(transfer.token)
        if fault == "answer lost":
            raise VendorUnreachable("The answer was lost; it is tried again.")
        return f"paid-{transfer.token}"

    def find_payment(self, transfer: Transfer) -> str | None:
        self.looks.append(transfer.token)
        return f"paid-{transfer.token}" if transfer.token in self.tokens else None

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        return self.fates.get(assignment_id)

    def fee(self, amount: Decimal, places: int) -> Decimal:
        return amount / 10

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        self.marks.append((worker_id, name, score))
