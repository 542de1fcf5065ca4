"""Hot air: recruits nobody; it writes down where somebody could begin, for trying an experiment out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from chalicelib.model.participant import Participant
from chalicelib.ports import Recruited
from chalicelib.recruiters.entry import entry_addresses


class HotAirRecruiter:
    """Makes addresses and pays in hot air."""

    nickname = "hotair"
    submits_itself = True

    def __init__(self, base: Callable[[], str], mode: str) -> None:
        """`base` gives the address under which the experiment is served."""
        self._base = base
        self._mode = mode

    def recruit(self, n: int) -> Recruited:
        """Return n new addresses."""
        addresses = entry_addresses(self._base, self.nickname, self._mode, n)
        return Recruited("\n".join(f"New participant requested: {a}" for a in addresses), addresses)

    def close_recruitment(self) -> Recruited:
        """Say so; nobody has to be told."""
        return Recruited("Recruitment is closed.")

    def pay(self, assignment_id: str, kind: str, amount: Decimal, reason: str, token: str) -> str:
        """Pay nothing; return a reference that says so."""
        del assignment_id, amount, reason
        return f"{self.nickname}:{kind}:{token}"

    def submit_address(self, participant: Participant) -> str:
        """Nowhere: the exit page says that the window can be closed."""
        del participant
        return ""
