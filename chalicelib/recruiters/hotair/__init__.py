"""Hot air: recruits nobody; it writes down where somebody could begin, for trying an experiment out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.ports import RecruitmentResult, Transfer
from chalicelib.recruiters.entry_urls import entry_addresses


class HotAirRecruiter:
    """Makes addresses and pays in hot air."""

    nickname = "hotair"
    auto_submits = True
    #: Paying is a note in the ledger and no more, and opening places is one in the log.
    is_simulated = True

    def __init__(self, base: Callable[[], str], mode: str) -> None:
        """`base` gives the address under which the experiment is served."""
        self._base = base
        self._mode = mode

    def recruit(self, n: int, token: str, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Return n new addresses."""
        del token, recruiter_state
        addresses = entry_addresses(self._base, self.nickname, self._mode, n)
        return RecruitmentResult("\n".join(f"New participant requested: {a}" for a in addresses), addresses)

    def close_recruitment(self, recruiter_state: Mapping[str, Any]) -> RecruitmentResult:
        """Say so; nobody has to be told."""
        del recruiter_state
        return RecruitmentResult("Recruitment is closed.")

    def prepare(self, transfer: Transfer) -> str | None:
        """Need nothing before."""
        del transfer
        return None

    def pay(self, transfer: Transfer) -> str:
        """Pay nothing; return a reference that says so."""
        return f"{self.nickname}:{transfer.token}"

    def find_payment(self, transfer: Transfer) -> str | None:
        """Find nothing: paying in hot air again does no harm."""
        del transfer
        return None

    def assignment_status(self, assignment_id: str, recruiter_state: Mapping[str, Any]) -> str | None:
        """Know of nobody who is not here any more: they have gone."""
        del assignment_id, recruiter_state
        return "abandoned"

    def fee(self, amount: Decimal, places: int) -> Decimal:
        """Charge nothing."""
        del amount, places
        return Decimal(0)

    def qualify(self, worker_id: str, name: str, score: int) -> None:
        """Mark nobody."""

    def submit_address(self, participant: Participant) -> str:
        """Nowhere: the exit page says that the window can be closed."""
        del participant
        return ""
