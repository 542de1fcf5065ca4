"""The caps: how much a run may cost. Kept only where `hard_cap` or `soft_cap` is set.

Opening a place reserves base pay, the largest bonus and the recruiter's fee. The hard cap stops opening
places and holds bonuses; base pay owed is never withheld. The soft cap tells the operator, once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .unit import Unit

ZERO = Decimal(0)


def is_kept(unit: Unit) -> bool:
    """Whether a cap is set."""
    return unit.config.get("hard_cap") is not None or unit.config.get("soft_cap") is not None


def _books(unit: Unit) -> dict[str, Any]:
    books: dict[str, Any] = unit.work.state.setdefault("budget", {"owed": "0", "reserved": "0"})
    return books


def owed(unit: Unit) -> Decimal:
    """What is owed or paid so far, fees included."""
    return Decimal(_books(unit)["owed"])


def reserved(unit: Unit) -> Decimal:
    """What the places that are open, and the people who work, may still cost."""
    return Decimal(_books(unit)["reserved"])


def per_place(unit: Unit, recruiter: str) -> Decimal:
    """The most that one participant can cost."""
    most = Decimal(str(unit.config.get("base_payment") or 0)) + Decimal(
        str(unit.config.get("max_bonus") or 0)
    )
    return most + unit.recruiters.fee(recruiter, most)


def affordable(unit: Unit, recruiter: str, places: int) -> int:
    """How many of so many places the hard cap allows."""
    cap = unit.config.get("hard_cap")
    price = per_place(unit, recruiter)
    if cap is None or price <= ZERO:
        return places
    left = Decimal(str(cap)) - owed(unit) - reserved(unit)
    return max(0, min(places, int(left // price)))


def reserve(unit: Unit, recruiter: str, places: int) -> None:
    """Set aside what so many places can cost."""
    if is_kept(unit):
        books = _books(unit)
        books["reserved"] = str(reserved(unit) + per_place(unit, recruiter) * places)
        _mind_the_soft_cap(unit)


def give_back(unit: Unit, recruiter: str) -> None:
    """Free what was set aside for one participant, who has come to an end."""
    if is_kept(unit):
        books = _books(unit)
        books["reserved"] = str(max(ZERO, reserved(unit) - per_place(unit, recruiter)))


def is_above(unit: Unit, amount: Decimal) -> bool:
    """Whether a sum on top of what is owed would be above the hard cap."""
    cap = unit.config.get("hard_cap")
    return cap is not None and owed(unit) + amount > Decimal(str(cap))


def note_owed(unit: Unit, amount: Decimal) -> None:
    """Add to what is owed."""
    if is_kept(unit):
        _books(unit)["owed"] = str(owed(unit) + amount)
        _mind_the_soft_cap(unit)


def _mind_the_soft_cap(unit: Unit) -> None:
    cap = unit.config.get("soft_cap")
    books = _books(unit)
    total = owed(unit) + reserved(unit)
    if cap is not None and total > Decimal(str(cap)) and not books.get("told"):
        books["told"] = True
        tell(unit, f"What is owed and reserved, ${total:.2f}, is above soft_cap, ${Decimal(str(cap)):.2f}.")


def tell(unit: Unit, text: str) -> None:
    """Tell the operator by mail, after the commit."""
    unit.work.post({"kind": "tell_operator", "participant_id": None, "report": {"message": text}})
