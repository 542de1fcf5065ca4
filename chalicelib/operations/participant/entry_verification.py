"""Entries: who may take a seat by the ids that a recruiter's link carries.

Outside debug mode only the recruiters that the run asks bring participants, and each confirms its own
entries: links by their signature, Mechanical Turk and Prolific by being asked whether the assignment exists.
Asking a vendor takes time, so it is done before a unit of work begins: `create_participant.vendor_to_ask`
says whom, and `create_participant` takes the answer as the entry's `confirmation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import BadRequest, Busy, ExperimentError, Forbidden
from chalicelib.model import keys
from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.recruitment.recruitment import recruiter_state_of
from chalicelib.operations.shared.context import OPERATOR, Context

#: What a vendor's answer amounts to: it knows the assignment, or it couldn't be asked.
CONFIRMED, UNAVAILABLE = "confirmed", "not-asked"
#: How many people an hour are seated though their vendor couldn't be asked.
UNCONFIRMED_PER_HOUR = 10
#: Seconds until those beyond that number ask again.
RETRY_SECONDS = 30.0
_GRACE = keys.counter("unconfirmed-entry")
#: The property of a participant who was seated in that grace.
UNCONFIRMED = "entry_unconfirmed"


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """Whom to ask about an entry, and what the recruiter wanted to know next time."""

    recruiter: str
    recruiter_state: dict[str, Any]


def is_debug(ctx: Context) -> bool:
    """Whether this is a trial, in which anybody may take part."""
    return str(ctx.config.get("mode") or "debug") == "debug"


def recruiter_of(ctx: Context, entry: EntryRequest) -> str:
    """Return the recruiter who brings an entry; refuse one that this run doesn't ask.

    In debug mode any known recruiter may be named, and the operator may name any at any time.
    """
    named = entry.recruiter or str(ctx.config.get("recruiter") or "hotair")
    is_free = is_debug(ctx) or ctx.caller.kind == OPERATOR
    asked = recruiters_in_use(ctx)
    if not is_free and named.partition(":")[0] not in asked:
        if "link" in asked:
            # The answer that says what to do: open the link.
            return "link"
        raise Forbidden(
            "This study isn't recruited for in this way. Open the address that you were given once more, "
            "unchanged.",
            code="recruiter_not_asked",
        )
    if not entry.recruiter:
        return named
    try:
        ctx.recruiters.named(named)
    except ExperimentError as error:
        # No recruiter could pay this participant.
        raise BadRequest(str(error), code="unknown_recruiter") from error
    return named


def check_signature(ctx: Context, entry: EntryRequest, recruiter: str) -> None:
    """Refuse an entry without the signed part of its link, where the recruiter gives such links."""
    ctx.recruiters.check_entry(recruiter, entry.worker_id, entry.hit_id, entry.assignment_id, entry.signature)


def vendor_of(ctx: Context, entry: EntryRequest) -> ConfirmationRequest | None:
    """Return which vendor confirms entries like this one; None where none does."""
    recruiter = recruiter_of(ctx, entry)
    if not _is_confirmed_by_vendor(ctx, recruiter):
        return None
    return ConfirmationRequest(recruiter, recruiter_state_of(ctx, recruiter.partition(":")[0]))


def check_confirmation(ctx: Context, entry: EntryRequest, recruiter: str) -> bool:
    """Refuse an entry that its vendor hasn't confirmed; True for one that is let in on trust.

    When the vendor doesn't answer, a bounded number of participants an hour is seated without confirmation,
    and the others ask again.
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
            "Your assignment can't be confirmed at this moment, because its recruiter doesn't answer. It "
            "stays yours: leave this page open, it tries again by itself.",
            code="entry_not_confirmed",
            retry_after=RETRY_SECONDS,
        )
    ctx.uow.put_if_unchanged(_GRACE, "counter", {"hour": hour, "seats": seats + 1})


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """What the recruiter's link and the page tell about somebody who begins."""

    worker_id: str
    hit_id: str
    assignment_id: str
    mode: str = "debug"
    recruiter: str | None = None
    fingerprint_hash: str | None = None
    consent: Mapping[str, Any] | None = None
    more: Mapping[str, Any] | None = None
    #: What the vendor said about the assignment, where it was asked; see `entries`.
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
