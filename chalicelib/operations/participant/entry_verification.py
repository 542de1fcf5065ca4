"""Verifies entries: whether the ids in a recruiter's link may take a seat.

Outside debug mode only the run's own recruiters bring participants, and each confirms its own entries: links
by their signature, Mechanical Turk and Prolific by a request for the assignment. A request to a vendor takes
time, so it is made before a unit of work begins: `create_participant.confirming_vendor` says which vendor,
and `create_participant` receives the result as the entry's `confirmation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, Busy, ExperimentError, Forbidden
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.recruitment.recruitment import recruiter_state_of
from chalicelib.operations.shared.context import OPERATOR, Context

#: The results of a confirmation: the vendor knows the assignment, or it couldn't be reached.
CONFIRMED, UNAVAILABLE = "confirmed", "not-asked"
#: How many participants per hour get a seat although their vendor couldn't be reached.
UNCONFIRMED_PER_HOUR = 10
#: Seconds until participants beyond that number retry.
RETRY_SECONDS = 30.0
_GRACE = keys.counter("unconfirmed-entry")
#: The detail that marks a participant who was seated without confirmation.
UNCONFIRMED = "entry_unconfirmed"


@immutable()
class ConfirmationRequest:
    """The recruiter to ask about an entry, and the state that it stored for its next call."""

    recruiter: str
    recruiter_state: dict[str, Any]


def is_debug(ctx: Context) -> bool:
    """Whether the run is in debug mode, in which anyone may take part."""
    return ctx.settings.mode == "debug"


def recruiter_of(ctx: Context, entry: EntryRequest) -> str:
    """Return the recruiter of an entry; refuse one that this run doesn't use.

    In debug mode any known recruiter may be named, and the operator may name any at any time.
    """
    named = entry.recruiter or ctx.settings.recruiter
    is_free = is_debug(ctx) or ctx.caller.kind == OPERATOR
    in_use = recruiters_in_use(ctx)
    if not is_free and named.partition(":")[0] not in in_use:
        if "link" in in_use:
            # Its error tells the participant what to do: open the link.
            return "link"
        raise Forbidden(
            "This study doesn't recruit through this service. Open the link that you received again, "
            "unchanged.",
            code="recruiter_not_asked",
        )
    if not entry.recruiter:
        return named
    try:
        ctx.recruiters.named(named)
    except ExperimentError as error:
        # Without a recruiter this participant couldn't be paid.
        raise BadRequest(str(error), code="unknown_recruiter") from error
    return named


def check_signature(ctx: Context, entry: EntryRequest, recruiter: str) -> None:
    """Refuse an entry without a valid signature, where the recruiter's links are signed."""
    ctx.recruiters.check_entry(recruiter, entry.worker_id, entry.hit_id, entry.assignment_id, entry.signature)


def vendor_of(ctx: Context, entry: EntryRequest) -> ConfirmationRequest | None:
    """Return the vendor that confirms entries like this one; None when none does."""
    recruiter = recruiter_of(ctx, entry)
    if not _is_confirmed_by_vendor(ctx, recruiter):
        return None
    return ConfirmationRequest(recruiter, recruiter_state_of(ctx, recruiter.partition(":")[0]))


def check_confirmation(ctx: Context, entry: EntryRequest, recruiter: str) -> bool:
    """Refuse an entry that its vendor hasn't confirmed; True for one that is accepted unconfirmed.

    When the vendor doesn't answer, a limited number of participants per hour get a seat without confirmation,
    and the others retry.
    """
    if not _is_confirmed_by_vendor(ctx, recruiter):
        return False
    if entry.confirmation == CONFIRMED:
        return False
    if entry.confirmation != UNAVAILABLE:
        raise Forbidden("This assignment wasn't confirmed by its recruiter.", code="entry_not_known")
    _use_unconfirmed_seat(ctx)
    return True


def _use_unconfirmed_seat(ctx: Context) -> None:
    hour = ctx.now.strftime("%Y-%m-%dT%H")
    taken = ctx.uow.item(_GRACE)
    seats = taken["seats"] if taken is not None and taken["hour"] == hour else 0
    if seats >= UNCONFIRMED_PER_HOUR:
        raise Busy(
            "Your assignment can't be confirmed right now, because its recruiter doesn't answer. It "
            "stays yours: leave this page open, and it retries automatically.",
            code="entry_not_confirmed",
            retry_after=RETRY_SECONDS,
        )
    ctx.uow.put_if_unchanged(_GRACE, "counter", {"hour": hour, "seats": seats + 1})


@immutable()
class EntryRequest:
    """What the recruiter's link and the page send about a participant who begins."""

    worker_id: str
    hit_id: str
    assignment_id: str
    mode: str = "debug"
    recruiter: str | None = None
    fingerprint_hash: str | None = None
    consent: Mapping[str, Any] | None = None
    more: Mapping[str, Any] | None = None
    #: The vendor's confirmation of the assignment, where it was requested.
    confirmation: str | None = None

    @property
    def signature(self) -> str | None:
        """The signed part of an entry link."""
        return str((self.more or {}).get("entry") or "") or None


def _is_confirmed_by_vendor(ctx: Context, recruiter: str) -> bool:
    """Whether the recruiter has to confirm this entry; never in debug mode, or for the operator."""
    if is_debug(ctx) or ctx.caller.kind == OPERATOR:
        return False
    return ctx.recruiters.capabilities(recruiter).confirms_entries
