"""Entries: who may take a seat by the ids that a recruiter's link carries.

Outside debug mode only the recruiters that the run asks bring participants, and each confirms its own
entries: links by their signature, Mechanical Turk and Prolific by being asked whether the assignment exists.
Asking a vendor takes time, so it is done before a unit of work begins: `create_participant.vendor_to_ask`
says whom, and `create_participant` takes the answer as the entry's `confirmation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.model.errors import BadRequest, Busy, ExperimentError, Forbidden

from .quotas import recruiters_in_use
from .recruitment import facts_of
from .unit import OPERATOR, Unit

if TYPE_CHECKING:
    from .create_participant import Entry

#: What a vendor's answer amounts to: it knows the assignment, or it couldn't be asked.
CONFIRMED, NOT_ASKED = "confirmed", "not-asked"
#: How many people an hour are seated though their vendor couldn't be asked.
GRACE_SEATS = 10
#: Seconds until those beyond that number ask again.
ASK_AGAIN = 30.0
_GRACE = ("counter", "unconfirmed-entry")
#: The property of a participant who was seated in that grace.
UNCONFIRMED = "entry_unconfirmed"


@dataclass(frozen=True, slots=True)
class ToAsk:
    """Whom to ask about an entry, and what the recruiter wanted to know next time."""

    recruiter: str
    facts: dict[str, Any]


def is_debug(unit: Unit) -> bool:
    """Whether this is a trial, in which anybody may take part."""
    return str(unit.config.get("mode") or "debug") == "debug"


def recruiter_of(unit: Unit, entry: Entry) -> str:
    """Return the recruiter who brings an entry; refuse one that this run doesn't ask.

    In debug mode any known recruiter may be named, and the operator may name any at any time.
    """
    named = entry.recruiter or str(unit.config.get("recruiter") or "hotair")
    is_free = is_debug(unit) or unit.caller.kind == OPERATOR
    asked = recruiters_in_use(unit)
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
        unit.recruiters.named(named)
    except ExperimentError as error:
        # No recruiter could pay this participant.
        raise BadRequest(str(error), code="unknown_recruiter") from error
    return named


def check_signature(unit: Unit, entry: Entry, recruiter: str) -> None:
    """Refuse an entry without the signed part of its link, where the recruiter gives such links."""
    unit.recruiters.check_entry(
        recruiter, entry.worker_id, entry.hit_id, entry.assignment_id, entry.signature
    )


def vendor_of(unit: Unit, entry: Entry) -> ToAsk | None:
    """Return which vendor confirms entries like this one; None where none does."""
    recruiter = recruiter_of(unit, entry)
    if is_debug(unit) or unit.caller.kind == OPERATOR or not unit.recruiters.confirms_entries(recruiter):
        return None
    return ToAsk(recruiter, facts_of(unit, recruiter.partition(":")[0]))


def check_confirmation(unit: Unit, entry: Entry, recruiter: str) -> bool:
    """Refuse an entry that its vendor hasn't confirmed; True for one that is let in on trust.

    When the vendor doesn't answer, a bounded number of participants an hour is seated without confirmation,
    and the others ask again.
    """
    if is_debug(unit) or unit.caller.kind == OPERATOR or not unit.recruiters.confirms_entries(recruiter):
        return False
    if entry.confirmation == CONFIRMED:
        return False
    if entry.confirmation != NOT_ASKED:
        raise Forbidden("This assignment wasn't confirmed by its recruiter.", code="entry_not_known")
    _take_grace(unit)
    return True


def _take_grace(unit: Unit) -> None:
    hour = unit.now.strftime("%Y-%m-%dT%H")
    taken = unit.work.item(_GRACE)
    seats = taken["seats"] if taken is not None and taken["hour"] == hour else 0
    if seats >= GRACE_SEATS:
        raise Busy(
            "Your assignment can't be confirmed at this moment, because its recruiter doesn't answer. It "
            "stays yours: leave this page open, it tries again by itself.",
            code="entry_not_confirmed",
            retry_after=ASK_AGAIN,
        )
    unit.work.claim(_GRACE, "counter", {"hour": hour, "seats": seats + 1})
