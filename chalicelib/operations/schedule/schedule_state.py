"""Whether the clock rings: while places are open, or anything recorded waits to be done.

The clock costs a little each minute, so it sleeps when nothing is left. One record says so, and until when
the clock surely rings: up to that moment nobody need ask, since no tick switches it off before. Who wakes the
clock says so first, then switches it on, then promises; a tick says that it falls asleep, switches the clock
off, and looks once more. So at the end of any race it rings, if anybody needs it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.shared.context import Context

KIND = "awake"
#: For how long a promise holds, and how much of it has to be left before a tick renews it.
ENABLED_FOR = timedelta(minutes=15)
RENEW_BEFORE = timedelta(minutes=5)
#: How far the clocks of two machines may be apart.
SKEW = timedelta(seconds=30)


def enabled_until(ctx: Context) -> datetime | None:
    """Return until when the clock surely rings; None when it may be asleep."""
    item = ctx.uow.item(keys.AWAKE)
    until = moment(item["until"]) if item is not None else None
    return until if until is not None and until > ctx.now + SKEW else None


def begin_enabling(ctx: Context, *, force: bool = False) -> datetime | None:
    """Say that the clock is being woken; or return until when it surely rings, and change nothing.

    `force`: it has just been switched off, whatever was promised.
    """
    until = None if force else enabled_until(ctx)
    if until is None:
        ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": False, "until": None})
    return until


def extend_until(ctx: Context) -> datetime:
    """Promise that the clock, which is on, rings for a while; return until when."""
    until = ctx.now + ENABLED_FOR
    ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": False, "until": iso(until)})
    return until


def has_time_left(ctx: Context) -> bool:
    """Whether the promise holds long enough for a tick to leave it as it is."""
    until = enabled_until(ctx)
    return until is not None and until > ctx.now + RENEW_BEFORE


def mark_disabled(ctx: Context) -> bool:
    """Say that the clock is being switched off; False when it is promised to ring on."""
    item = ctx.uow.item(keys.AWAKE)
    until = moment(item["until"]) if item is not None else None
    if until is not None and until > ctx.now:
        return False
    ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": True, "until": None})
    return True


def is_disabled(ctx: Context) -> bool:
    """Whether nobody has woken the clock since it was switched off."""
    item = ctx.uow.item(keys.AWAKE)
    return item is not None and bool(item["asleep"])


def has_open_places(ctx: Context) -> bool:
    """Whether a place is open that nobody has come for."""
    return not is_closed(ctx) and headcount(ctx).pending > 0
