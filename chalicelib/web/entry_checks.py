"""The way in: vendors confirm an assignment before it gets a seat, and tries are counted by address."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib import services
from chalicelib.errors import Busy, NotFound, Refused, TooManyTries, VendorError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.participant.create_participant import check_ids, confirming_vendor
from chalicelib.operations.participant.entry_rate_limiter import REFUSED_COST, EntryRateLimiter
from chalicelib.operations.participant.entry_verification import CONFIRMED, UNAVAILABLE, EntryRequest
from chalicelib.operations.shared.context import OPERATOR

from .routing import HttpCall

logger = logging.getLogger("petri.entrances")

#: Refusals that a person gets who tries ids, or links, that aren't theirs.
_GUESSES = frozenset(
    {"entry_not_known", "entry_link_invalid", "recruiter_not_asked", "participant_not_found"}
)
_rate_limiter = EntryRateLimiter()


def require_confirmed(call: HttpCall, entry: EntryRequest) -> EntryRequest:
    """Return an entry with what its vendor said about it; Forbidden, or Busy, when it didn't confirm it."""
    check_ids(entry)
    ask = call.run(confirming_vendor, entry)
    if ask is None:
        return entry
    book = services.current().recruiters
    try:
        book.confirm_entry(
            ask.recruiter, entry.worker_id, entry.hit_id, entry.assignment_id, ask.recruiter_state
        )
    except VendorError as error:
        # The vendor's words may repeat ids; what kind of failure it was says enough.
        logger.warning("%s couldn't be asked about an entry (%s)", ask.recruiter, type(error).__name__)
        return replace(entry, confirmation=UNAVAILABLE)
    return replace(entry, confirmation=CONFIRMED)


def rate_limited(call: HttpCall, enter: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Let a caller enter, unless too many came from their address; tries with wrong ids count for more.

    In debug mode, and for the operator, nothing is counted.
    """
    app = services.current()
    if call.caller.kind == OPERATOR or RunSettings.read(app.config).mode == "debug":
        return enter()
    key = app.tokens.keyed(call.source)
    wait = _rate_limiter.take(key)
    if wait:
        raise TooManyTries(
            "Too many people begin from your address at this moment. Leave this page open: it tries again by "
            "itself.",
            retry_after=wait,
        )
    try:
        return enter()
    except (Refused, NotFound) as refused:
        if refused.code in _GUESSES and not isinstance(refused, Busy):
            _rate_limiter.take(key, REFUSED_COST - 1)
        raise
