"""Offers of places (HITs) and their ends: told of by the recruiter, or seen by the clock.

What the run knows of an offer is one word in its state: when it ends by itself, or that it has ended. So
its end is handled once, however often, late or not at all it is reported.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.messages import CheckListing
from chalicelib.operations.shared.context import Context

ENDED = "ended"
#: Offers that are remembered: far more than a run makes.
MAX_LISTINGS = 100
#: So long after its end an offer is looked at, should no report of it come.
LISTING_GRACE = timedelta(minutes=2)


def _known(ctx: Context) -> dict[str, str]:
    known: dict[str, str] = ctx.uow.state.get("offers", {})
    return known


def _note(ctx: Context, hit_id: str, what: str) -> None:
    kept = {one: said for one, said in _known(ctx).items() if one != hit_id}
    ctx.uow.state["offers"] = dict([*kept.items(), (hit_id, what)][-MAX_LISTINGS:])


def record_end_time(ctx: Context, recruiter: str, hit_id: str, ends: datetime) -> None:
    """Note when an offer ends by itself, and have it looked at then; known already: nothing."""
    until = ends.astimezone(UTC).isoformat()
    if _known(ctx).get(hit_id) not in (until, ENDED):
        _note(ctx, hit_id, until)
        ctx.uow.post(CheckListing(recruiter, hit_id), due=ends + LISTING_GRACE)


def record_ended(ctx: Context, hit_id: str) -> None:
    """Note that an offer has ended, for good."""
    _note(ctx, hit_id, ENDED)


def is_known(ctx: Context, hit_id: str) -> bool:
    """Whether an offer is this run's, running or ended."""
    return hit_id in _known(ctx)


def has_ended(ctx: Context, hit_id: str) -> bool:
    """Whether an offer is known to have ended."""
    return _known(ctx).get(hit_id) == ENDED


def ends_at(ctx: Context, hit_id: str) -> datetime | None:
    """When an offer was to end by itself; None when it has ended, or isn't the run's."""
    said = _known(ctx).get(hit_id, ENDED)
    return None if said == ENDED else datetime.fromisoformat(said)
