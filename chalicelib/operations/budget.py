"""The caps: how much a run may cost. Kept only where `hard_cap` or `soft_cap` is set.

An open place reserves base pay, the largest bonus and the recruiter's fee, until its participant has come
to an end. The hard cap stops opening places and holds bonuses; base pay owed is never withheld. The soft
cap tells the operator, once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from chalicelib.messages import NotifyOperator
from chalicelib.model.participant import Participant

from .quotas import recruiters_in_use
from .standing import standing
from .unit import Unit

ZERO = Decimal(0)
#: What somebody counts as whose last payment is being decided on: nothing is reserved for them any more.
SETTLED = "settled"


def is_kept(unit: Unit) -> bool:
    """Whether a cap is set."""
    return _cap(unit, "hard_cap") is not None or _cap(unit, "soft_cap") is not None


def _cap(unit: Unit, name: str) -> Decimal | None:
    cap = unit.config.get(name)
    return None if cap is None else Decimal(str(cap))


def _books(unit: Unit) -> dict[str, Any]:
    """Return the books; looking into them begins none."""
    books: dict[str, Any] = unit.work.state.get("budget", {"owed": "0"})
    return books


def _note(unit: Unit, **facts: Any) -> None:
    unit.work.state["budget"] = {**_books(unit), **facts}


def owed(unit: Unit) -> Decimal:
    """What is owed or paid so far, fees included."""
    return Decimal(_books(unit)["owed"])


def reserved(unit: Unit, participant: Participant | None = None, status: str = SETTLED) -> Decimal:
    """What open places, and people on their way, may still cost.

    `participant` and `status`: what this unit makes of somebody.
    """
    now = standing(unit, {participant.id: status} if participant is not None else {})
    unpaid = max(0, now.sent_off - int(_books(unit).get("sent_off", 0)))
    return (
        per_place(unit) * (now.expected + now.working)
        + _with_fee(unit, _dollars(unit, "max_bonus")) * now.submitted
        + _with_fee(unit, _dollars(unit, "base_payment")) * unpaid
    )


def per_place(unit: Unit, places: int = 1) -> Decimal:
    """The most that one participant can cost, with the dearest of the recruiters in use.

    `places`: how many are to be opened at a time.
    """
    return _with_fee(unit, _dollars(unit, "base_payment") + _dollars(unit, "max_bonus"), places)


def cost_of(unit: Unit, recruiter: str, amount: Decimal) -> Decimal:
    """A payment and its recruiter's fee; without a cap nobody reckons with fees."""
    return amount + unit.recruiters.fee(recruiter, amount, _most_at_once(unit)) if is_kept(unit) else amount


def note_at_once(unit: Unit, places: int) -> None:
    """Note that so many places are opened at a time."""
    if places > _most_at_once(unit):
        unit.work.state["most_at_once"] = places


def _most_at_once(unit: Unit) -> int:
    """How many places were opened at a time, at the most: a recruiter may charge more for many."""
    return int(unit.work.state.get("most_at_once", 1))


def _dollars(unit: Unit, key: str) -> Decimal:
    return Decimal(str(unit.config.get(key) or 0))


def _with_fee(unit: Unit, amount: Decimal, places: int = 1) -> Decimal:
    if not amount:
        return ZERO
    many = max(places, _most_at_once(unit))
    return amount + max(unit.recruiters.fee(name, amount, many) for name in recruiters_in_use(unit))


def affordable(unit: Unit, places: int) -> int:
    """How many of so many places the hard cap allows."""
    cap, least = _cap(unit, "hard_cap"), per_place(unit)
    if cap is None or least <= ZERO:
        return places
    left = cap - owed(unit) - reserved(unit)
    # Fewer at a time may cost less each.
    most = min(places, int(left // least))
    return next((n for n in range(most, 0, -1) if n * per_place(unit, n) <= left), 0)


def is_above(unit: Unit, amount: Decimal, participant: Participant) -> bool:
    """Whether a participant's last sum, on top of what is owed and reserved, would be above the hard cap."""
    cap = _cap(unit, "hard_cap")
    return cap is not None and owed(unit) + reserved(unit, participant) + amount > cap


def note_owed(unit: Unit, amount: Decimal, participant: Participant, *, is_last: bool) -> None:
    """Add to what is owed; `is_last`: nothing more is to come for this participant."""
    if not is_kept(unit):
        return
    _note(unit, owed=str(owed(unit) + amount))
    mind_the_soft_cap(unit, participant, SETTLED if is_last else participant.status)


def note_sent_off(unit: Unit) -> None:
    """Note that somebody who was sent away early has got what is owed to them."""
    if is_kept(unit):
        _note(unit, sent_off=int(_books(unit).get("sent_off", 0)) + 1)


def mind_the_soft_cap(unit: Unit, participant: Participant | None = None, status: str = SETTLED) -> None:
    """Tell the operator, once, when what is owed and reserved is above the soft cap."""
    cap = _cap(unit, "soft_cap")
    if cap is None or _books(unit).get("told"):
        return
    total = owed(unit) + reserved(unit, participant, status)
    if total > cap:
        _note(unit, told=True)
        tell(unit, f"What is owed and reserved, {unit.money(total)}, is above soft_cap, {unit.money(cap)}.")


def tell_that_places_stay_closed(unit: Unit, name: str, places: int) -> None:
    """Tell the operator that the hard cap is reached; once for each cap."""
    cap = str(unit.config.get("hard_cap"))
    if _books(unit).get("stopped_at") != cap:
        _note(unit, stopped_at=cap)
        tell(
            unit,
            f"{places} places were not opened with {name}: hard_cap ({unit.money(cap)}) is reached. To go "
            "on, raise hard_cap and ask for more with petri recruit.",
        )


def tell(unit: Unit, text: str) -> None:
    """Tell the operator by mail, after the commit."""
    unit.work.post(NotifyOperator({"message": text}))
