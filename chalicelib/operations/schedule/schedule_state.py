"""The state of the tick schedule: enabled while places are open or recorded messages are pending.

The schedule costs a little each minute, so it is disabled when nothing is left to do. One record says whether
it is disabled, and until when it is enabled for certain: until then, no request has to check it, since no
tick disables it earlier. A request that enables the schedule first writes that it begins to, then enables it,
then extends that time; a tick writes that it disables the schedule, disables it, and checks once more. So
whatever the order of a race, the schedule ends up enabled if anything needs it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.recruitment import is_closed
from chalicelib.operations.shared.context import Context

KIND = "awake"
#: For how long the schedule is enabled for certain, and how much of it is left when a tick extends it.
ENABLED_FOR = timedelta(minutes=15)
RENEW_BEFORE = timedelta(minutes=5)
#: How far the clocks of two machines may be apart.
SKEW = timedelta(seconds=30)


def enabled_until(ctx: Context) -> datetime | None:
    """Return until when the schedule is enabled for certain; None when it may be disabled."""
    item = ctx.uow.item(keys.AWAKE)
    until = moment(item["until"]) if item is not None else None
    return until if until is not None and until > ctx.now + SKEW else None


def begin_enabling(ctx: Context, *, force: bool = False) -> datetime | None:
    """Record that the schedule is being enabled; or return until when it is enabled, and change nothing.

    `force`: the schedule has just been disabled, whatever the record says.
    """
    until = None if force else enabled_until(ctx)
    if until is None:
        ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": False, "until": None})
    return until


def extend_until(ctx: Context) -> datetime:
    """Extend the time for which the enabled schedule stays enabled; return until when."""
    until = ctx.now + ENABLED_FOR
    ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": False, "until": iso(until)})
    return until


def has_time_left(ctx: Context) -> bool:
    """Whether the schedule stays enabled long enough for a tick not to extend it."""
    until = enabled_until(ctx)
    return until is not None and until > ctx.now + RENEW_BEFORE


def mark_disabled(ctx: Context) -> bool:
    """Record that the schedule is being disabled; False when it has to stay enabled."""
    item = ctx.uow.item(keys.AWAKE)
    until = moment(item["until"]) if item is not None else None
    if until is not None and until > ctx.now:
        return False
    ctx.uow.put_if_unchanged(keys.AWAKE, KIND, {"asleep": True, "until": None})
    return True


def is_disabled(ctx: Context) -> bool:
    """Whether the schedule hasn't been enabled again since it was disabled."""
    item = ctx.uow.item(keys.AWAKE)
    return item is not None and bool(item["asleep"])


def has_open_places(ctx: Context) -> bool:
    """Whether a place is open and free."""
    return not is_closed(ctx) and headcount(ctx).pending > 0
