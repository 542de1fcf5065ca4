"""Tracks listings (HITs) and their ends, which the recruiter reports or a scheduled check finds.

The run's state has one value for each listing: when it ends, or that it has ended. So its end is handled
once, even if the report comes repeatedly, late or never.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.messages import CheckListing
from chalicelib.operations.shared.context import Context

ENDED = "ended"
#: How many listings are kept: far more than a run creates.
MAX_LISTINGS = 100
#: How long after its end a listing is checked, in case no report arrives.
LISTING_GRACE = timedelta(minutes=2)


def _known(ctx: Context) -> dict[str, str]:
    known: dict[str, str] = ctx.uow.state.get("offers", {})
    return known


def _store(ctx: Context, hit_id: str, value: str) -> None:
    others = {one: value for one, value in _known(ctx).items() if one != hit_id}
    ctx.uow.state["offers"] = dict([*others.items(), (hit_id, value)][-MAX_LISTINGS:])


def record_end_time(ctx: Context, recruiter: str, hit_id: str, ends: datetime) -> None:
    """Record when a listing ends, and schedule a check for then; idempotent."""
    until = ends.astimezone(UTC).isoformat()
    if _known(ctx).get(hit_id) not in (until, ENDED):
        _store(ctx, hit_id, until)
        ctx.uow.post(CheckListing(recruiter, hit_id), due=ends + LISTING_GRACE)


def record_ended(ctx: Context, hit_id: str) -> None:
    """Record that a listing has ended, for good."""
    _store(ctx, hit_id, ENDED)


def known_listings(ctx: Context) -> list[tuple[str, datetime | None]]:
    """Return the run's listings with the moments at which they end; None for those that have ended."""
    return [(hit_id, ends_at(ctx, hit_id)) for hit_id in _known(ctx)]


def is_known(ctx: Context, hit_id: str) -> bool:
    """Whether a listing belongs to this run, open or ended."""
    return hit_id in _known(ctx)


def has_ended(ctx: Context, hit_id: str) -> bool:
    """Whether a listing has been recorded as ended."""
    return _known(ctx).get(hit_id) == ENDED


def ends_at(ctx: Context, hit_id: str) -> datetime | None:
    """When a listing ends; None when it has ended, or isn't this run's."""
    value = _known(ctx).get(hit_id, ENDED)
    return None if value == ENDED else datetime.fromisoformat(value)
