"""An offer of places (a HIT) has ended: what nobody took is given up, and recruitment goes on."""

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

#: Clocks differ, and Mechanical Turk reckons in seconds.
CLOCK_TOLERANCE = timedelta(minutes=1)
REVIEWABLE = "HITReviewable"


def is_open(ctx: Context, hit_id: str) -> bool:
    """Whether the end of an offer would be news."""
    return not listings.has_ended(ctx, hit_id)


def handle_listing_end(
    ctx: Context, recruiter: str, hit_id: str, event_type: str | None, listing: Listing | None
) -> None:
    """Handle what is reported of an offer, or its time; again: nothing.

    `listing`: what its recruiter shows; None when it knows of no such offer of this run.
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
        logger.info("%s reports of a HIT that isn't this run's; nothing is done", recruiter)
        return
    listings.record_ended(ctx, hit_id)
    notify_operator(
        ctx,
        f"HIT {hit_id} isn't to be found at {recruiter} any more, so nobody comes from it. If people are "
        "still wanted, ask for them with: petri recruit",
    )


def _end(ctx: Context, recruiter: str, hit_id: str, listing: Listing) -> None:
    expected = listings.ends_at(ctx, hit_id)
    listings.record_ended(ctx, hit_id)
    if is_closed(ctx):
        return
    lost = withdraw_places(ctx, recruiter, listing.left)
    said = f"HIT {hit_id} at {recruiter} has ended with {_places(lost)} that nobody took"
    if lost and expected is not None and listing.ends < expected - CLOCK_TOLERANCE:
        notify_operator(
            ctx,
            f"{said}: somebody ended it before its time. It is not replaced; to go on, ask for people with: "
            "petri recruit",
        )
    elif lost:
        _reopen_places(ctx, said, lost)


def _reopen_places(ctx: Context, said: str, lost: int) -> None:
    """Offer as many places anew as there are seats for, and money."""
    wanted = plan_recruitment(ctx, lost).opened
    if ctx.config.get("auto_recruit", True):
        open_places(ctx, lost)
        then = f"{_places(wanted)} {'is' if wanted == 1 else 'are'} offered anew."
    else:
        then = "auto_recruit is off; to go on, use: petri recruit"
    if wanted:
        notify_operator(ctx, f"{said}. {then}")


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"
