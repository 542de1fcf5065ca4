"""Hot air: a simulated recruiter for testing an experiment. It creates entry URLs and records payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model.statuses import AssignmentStatus
from chalicelib.ports import Capabilities, RecruitmentResult, Transfer
from chalicelib.recruiters.entry_urls import entry_addresses
from chalicelib.recruiters.null_recruiter import NullRecruiter


class HotAirRecruiter(NullRecruiter):
    """Creates entry URLs; a payment is a record in the ledger, and no money is sent."""

    nickname = "hotair"
    capabilities = Capabilities(is_simulated=True)

    def __init__(self, base: Callable[[], str], mode: str) -> None:
        """`base` returns the URL of the experiment."""
        self._base = base
        self._mode = mode

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Return n new entry URLs."""
        del token, recruiter_state
        addresses = entry_addresses(self._base, self.nickname, self._mode, n)
        return RecruitmentResult("\n".join(f"New participant requested: {a}" for a in addresses), addresses)

    def pay(self, transfer: Transfer) -> str:
        """Return a reference without sending money."""
        return f"{self.nickname}:{transfer.token}"

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Return abandoned: this is asked only about participants who no longer respond."""
        del assignment_id, recruiter_state
        return AssignmentStatus.ABANDONED
