"""Measures the latency of a player's device: it sends signed echoes back as soon as they arrive."""

from __future__ import annotations

import hmac
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import moment_of, own_place
from chalicelib.study.live_sessions.live_session_records import LivePlayer

from .hosted_answers import find_player, store_player

#: How often the latency of a player is measured; the shortest time counts.
ENOUGH: Final = 3
#: The longest latency that is taken off the time of an answer, in seconds: a player can delay an echo.
MAX_LATENCY: Final = 1.0
#: An echo that comes later than this says nothing about the line, in seconds.
_MAX_AGE: Final = 10.0
_MAX_LENGTH: Final = 200


def new_echo(ctx: Context, player: LivePlayer) -> str | None:
    """Return an echo for the player's page to send back; None when the latency has been measured enough."""
    return None if player.echoes >= ENOUGH else _signed(ctx, iso(ctx.now), player.seat)


def take_echo(ctx: Context, echo: str) -> dict[str, float]:
    """Take an echo that a player's page has sent back, and return the latency that counts, in seconds.

    BadRequest for an echo that wasn't made for this player by this run.
    """
    _, place = own_place(ctx)
    player = None if place is None else find_player(ctx, place.live)
    moment = moment_of(echo.partition(" ")[0]) if _is_moment(echo) else None
    if player is None or moment is None or not _is_own(ctx, echo, player.seat):
        raise BadRequest("This echo wasn't sent to this player.", code="echo_wrong")
    took = (ctx.now - moment).total_seconds()
    if player.echoes < ENOUGH and 0 <= took <= _MAX_AGE:
        took = min(took, MAX_LATENCY)
        player.latency = round(took if player.echoes == 0 else min(player.latency, took), 4)
        player.echoes += 1
        store_player(ctx, player)
    return {"latency": player.latency}


def _signed(ctx: Context, moment: str, seat: str) -> str:
    return f"{moment} {ctx.tokens.keyed(f'echo|{seat}|{moment}')}"


def _is_own(ctx: Context, echo: str, seat: str) -> bool:
    return hmac.compare_digest(echo.encode(), _signed(ctx, echo.partition(" ")[0], seat).encode())


def _is_moment(echo: str) -> bool:
    try:
        return len(echo) <= _MAX_LENGTH and moment_of(echo.partition(" ")[0]) is not None
    except ValueError:
        return False
