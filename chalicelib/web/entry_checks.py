"""Checks entries: vendors confirm assignments before they get a seat, and a rate limit applies by address."""

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

#: Refusals of attempts with another person's ids or links.
_GUESSES = frozenset(
    {"entry_not_known", "entry_link_invalid", "recruiter_not_asked", "participant_not_found"}
)
_rate_limiter = EntryRateLimiter()


def require_confirmed(call: HttpCall, entry: EntryRequest) -> EntryRequest:
    """Return an entry with its vendor's confirmation; Forbidden or Busy if the vendor doesn't confirm it."""
    check_ids(entry)
    request = call.run(confirming_vendor, entry)
    if request is None:
        return entry
    recruiters = services.current().recruiters
    try:
        recruiters.confirm_entry(
            request.recruiter, entry.worker_id, entry.hit_id, entry.assignment_id, request.recruiter_state
        )
    except VendorError as error:
        # The vendor's message may contain ids; the error's type says enough.
        logger.warning("%s couldn't confirm an entry (%s)", request.recruiter, type(error).__name__)
        return replace(entry, confirmation=UNAVAILABLE)
    return replace(entry, confirmation=CONFIRMED)


def rate_limited(call: HttpCall, enter: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Let a caller enter, within the rate limit of their address; attempts with wrong ids cost more.

    The limit doesn't apply in debug mode or to the operator.
    """
    app = services.current()
    if call.caller.kind == OPERATOR or RunSettings.read(app.config).mode == "debug":
        return enter()
    key = app.tokens.keyed(call.source)
    wait = _rate_limiter.take(key)
    if wait:
        raise TooManyTries(
            "Too many people are starting from your network right now. Leave this page open: it retries "
            "automatically.",
            retry_after=wait,
        )
    try:
        return enter()
    except (Refused, NotFound) as refused:
        if refused.code in _GUESSES and not isinstance(refused, Busy):
            _rate_limiter.take(key, REFUSED_COST - 1)
        raise
