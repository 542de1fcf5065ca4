"""Handles the end of a listing (a HIT): withdraws its free places and continues recruitment."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib.operations.recruitment import listings
from chalicelib.operations.recruitment.recruitment import (
    is_closed,
    open_places,
    plan_recruitment,
    withdraw_places,
)
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.ports import Listing

from . import deadlines

logger = logging.getLogger("petri.recruitment")

#: Clocks differ, and Mechanical Turk rounds to seconds.
CLOCK_TOLERANCE = timedelta(minutes=1)
REVIEWABLE = "HITReviewable"


def is_open(ctx: Context, hit_id: str) -> bool:
    """Whether the end of a listing hasn't been recorded yet."""
    return not listings.has_ended(ctx, hit_id)


def handle_listing_end(
    ctx: Context, recruiter: str, hit_id: str, event_type: str | None, listing: Listing | None
) -> None:
    """Handle a report about a listing, or the end of its time; idempotent.

    `listing`: the recruiter's listing; None when it has no such listing of this run.
    """
    if event_type == REVIEWABLE and (listing is not None or listings.has_ended(ctx, hit_id)):
        deadlines.poll_open_assignments(ctx, recruiter, hit_id)
    if listings.has_ended(ctx, hit_id):
        return
    if listing is None:
        _handle_unknown_listing(ctx, recruiter, hit_id)
    elif listing.ends > ctx.now:
        listings.record_end_time(ctx, recruiter, hit_id, listing.ends)
    else:
        _end(ctx, recruiter, hit_id, listing)


def _handle_unknown_listing(ctx: Context, recruiter: str, hit_id: str) -> None:
    if listings.ends_at(ctx, hit_id) is None:
        logger.info("ignored a report by %s about a HIT of another run", recruiter)
        return
    listings.record_ended(ctx, hit_id)
    notify_operator(
        ctx,
        f"HIT {hit_id} no longer exists at {recruiter}, so it brings no more participants. If you still "
        "need some, run: petri recruit",
    )


def _end(ctx: Context, recruiter: str, hit_id: str, listing: Listing) -> None:
    expected = listings.ends_at(ctx, hit_id)
    listings.record_ended(ctx, hit_id)
    if is_closed(ctx):
        return
    lost = withdraw_places(ctx, recruiter, listing.left)
    summary = f"HIT {hit_id} at {recruiter} has ended with {_places(lost)} that no worker took"
    if lost and expected is not None and listing.ends < expected - CLOCK_TOLERANCE:
        notify_operator(
            ctx,
            f"{summary}: it was ended early at the recruiter. It is not replaced; to recruit more "
            "participants, run: petri recruit",
        )
    elif lost:
        _reopen_places(ctx, summary, lost)


def _reopen_places(ctx: Context, summary: str, lost: int) -> None:
    """Open as many places again as seats and budget allow."""
    wanted = plan_recruitment(ctx, lost).opened
    if ctx.settings.auto_recruit:
        open_places(ctx, lost)
        then = f"{_places(wanted)} {'was' if wanted == 1 else 'were'} opened again."
    else:
        then = "auto_recruit is off; to recruit more participants, run: petri recruit"
    if wanted:
        notify_operator(ctx, f"{summary}. {then}")


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"
