"""Shares the result of a live session by a link that expires: names and points, nothing else of a person."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import Forbidden, InvalidState
from chalicelib.immutable import immutable
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.study.live_sessions.live_session_records import LivePhase

from .host_view import RankedPlayer, ranked
from .results import QuestionResult, result_of
from .session_records import read_session

MOST_DAYS: Final = 365
#: How many digits the number of a session and the moment of the end may have.
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class SharedResult:
    """The link to a result."""

    address: str
    expires: datetime = field(metadata={"help": "After this moment the link shows nothing."})


@immutable()
class PublicResult:
    """What a shared link shows."""

    players: list[RankedPlayer]
    questions: list[QuestionResult]


def share_result(ctx: Context, number: int, days: int) -> SharedResult:
    """Return a link to the result of a session that is over, for people without an account."""
    require_right(ctx, Right.EXPORT)
    if read_session(ctx, number).phase != LivePhase.FINISHED:
        raise InvalidState("End the session first; then its result can be shared.", code="session_not_over")
    expires = (ctx.now + timedelta(days=days)).replace(microsecond=0)
    until = int(expires.timestamp())
    record_change(ctx, "live-sessions.share", records=[("live-sessions", str(number))], fields={"days": days})
    site = ctx.recruiters.entry_address("link", "host", "join").partition("?")[0]
    return SharedResult(f"{site}/result/{number}-{until}-{_signature(ctx, number, until)}", expires)


def read_shared(ctx: Context, code: str) -> PublicResult:
    """Return the result that a link shows; Forbidden for a link that has expired, or isn't of this run."""
    number, _, rest = code.partition("-")
    until, _, signature = rest.partition("-")
    is_readable = all(one.isdecimal() and len(one) <= _MOST_DIGITS for one in (number, until))
    expected = _signature(ctx, int(number), int(until)) if is_readable else ""
    is_signed = is_readable and hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode())
    if not is_signed or int(until) <= ctx.now.timestamp():
        raise Forbidden("This link has expired. Ask the host for a new one.", code="result_link_invalid")
    result = result_of(ctx, read_session(ctx, int(number)))
    return PublicResult(ranked(result.players), result.questions)


def _signature(ctx: Context, number: int, until: int) -> str:
    return ctx.tokens.keyed(f"live-result|{number}|{until}")
