"""Whether the clock rings: while places are open, or anything recorded waits to be done.

The clock costs a little each minute, so it sleeps when nothing is left. One record says so, and until when
the clock surely rings: up to that moment nobody need ask, since no tick switches it off before. Who wakes the
clock says so first, then switches it on, then promises; a tick says that it falls asleep, switches the clock
off, and looks once more. So at the end of any race it rings, if anybody needs it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model.record import iso, moment

from .recruitment import is_closed
from .standing import standing
from .unit import Unit

KEY, KIND = ("experiment", "awake"), "awake"
#: For how long a promise holds, and how much of it has to be left before a tick renews it.
HOLDS = timedelta(minutes=15)
RENEWED_AT = timedelta(minutes=5)
#: How far the clocks of two machines may be apart.
SKEW = timedelta(seconds=30)


def promised(unit: Unit) -> datetime | None:
    """Return until when the clock surely rings; None when it may be asleep."""
    item = unit.work.item(KEY)
    until = moment(item["until"]) if item is not None else None
    return until if until is not None and until > unit.now + SKEW else None


def begin(unit: Unit, *, anyway: bool = False) -> datetime | None:
    """Say that the clock is being woken; or return until when it surely rings, and change nothing.

    `anyway`: it has just been switched off, whatever was promised.
    """
    until = None if anyway else promised(unit)
    if until is None:
        unit.work.claim(KEY, KIND, {"asleep": False, "until": None})
    return until


def promise(unit: Unit) -> datetime:
    """Promise that the clock, which is on, rings for a while; return until when."""
    until = unit.now + HOLDS
    unit.work.claim(KEY, KIND, {"asleep": False, "until": iso(until)})
    return until


def has_time(unit: Unit) -> bool:
    """Whether the promise holds long enough for a tick to leave it as it is."""
    until = promised(unit)
    return until is not None and until > unit.now + RENEWED_AT


def fall_asleep(unit: Unit) -> bool:
    """Say that the clock is being switched off; False when it is promised to ring on."""
    item = unit.work.item(KEY)
    until = moment(item["until"]) if item is not None else None
    if until is not None and until > unit.now:
        return False
    unit.work.claim(KEY, KIND, {"asleep": True, "until": None})
    return True


def is_asleep(unit: Unit) -> bool:
    """Whether nobody has woken the clock since it was switched off."""
    item = unit.work.item(KEY)
    return item is not None and bool(item["asleep"])


def expects_somebody(unit: Unit) -> bool:
    """Whether a place is open that nobody has come for."""
    return not is_closed(unit) and standing(unit).expected > 0
