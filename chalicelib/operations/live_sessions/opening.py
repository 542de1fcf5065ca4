"""Opens live sessions, each with a PIN of its own, and lists them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.errors import BadRequest, InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.live_sessions.hosted_pages import hosted_pages
from chalicelib.study.live_sessions.live_session_records import LivePhase, LiveSession

_COUNTER: Final = keys.counter("live-session")
PIN_DIGITS: Final = 6
#: How often a PIN is drawn again that is in use.
MAX_DRAWS: Final = 20
MAX_FIELD: Final = 40
#: The highest limit of players.
MAX_PLAYERS: Final = 10_000
#: How many sessions are listed.
MOST_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class LiveSessionRow:
    """A live session in the list."""

    id: int
    pin: str = field(metadata={"help": "With it people join; it is free again after the session."})
    phase: LivePhase
    opened_at: datetime
    pages: int = field(metadata={"help": "How many pages the host paces."})


@dataclass(frozen=True, slots=True)
class OpenedLiveSession:
    """A session that was opened."""

    id: int
    pin: str


def open_session(ctx: Context, custom_field: str = "", most_players: int = 0) -> OpenedLiveSession:
    """Open a live session of the study; the lobby is open at once.

    `custom_field`: what people are asked for in addition to their name, such as "Student number".
    `most_players`: how many people can join; 0 for no limit.
    """
    if not 0 <= most_players <= MAX_PLAYERS:
        raise BadRequest(f"The limit of players must be a number from 0 (no limit) to {MAX_PLAYERS}.")
    actor = require_right(ctx, Right.RUN_LIVE_SESSION)
    pages = hosted_pages(study_of(ctx).plan())
    if not pages:
        raise InvalidState(
            "The study has no page that a host can pace. Put pages into Hosted([...]), or remove the "
            "conditions of its first pages.",
            code="no_hosted_page",
        )
    held = ctx.uow.item(_COUNTER)
    number = (int(held["v"]) if held else 0) + 1
    ctx.uow.put_if_unchanged(_COUNTER, "counter", {"v": number})
    session = LiveSession(
        number,
        _free_pin(ctx),
        actor.id,
        iso(ctx.now),
        paths=pages,
        custom_field=custom_field.strip()[:MAX_FIELD],
        most_players=most_players,
    )
    ctx.uow.put_item(keys.live_session(number), session.kind, session.to_fields())
    ctx.uow.put_item(keys.live_pin(session.pin), "live_pin", {"session": number})
    record_change(
        ctx, "live-sessions.open", records=[("live-sessions", str(number))], fields={"pages": len(pages)}
    )
    return OpenedLiveSession(number, session.pin)


def _free_pin(ctx: Context) -> str:
    """Draw a PIN that no open session has; each is drawn from the system's source of randomness."""
    for _ in range(MAX_DRAWS):
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"
        if ctx.uow.item(keys.live_pin(pin)) is None:
            return pin
    raise InvalidState(
        "No free PIN was found; finish sessions that are over, and try again.", code="no_free_pin"
    )


def list_sessions(ctx: Context) -> list[LiveSessionRow]:
    """Return the newest live sessions, newest first."""
    require_right(ctx, Right.VIEW)
    page = ctx.uow.page(keys.LIVE_SESSIONS, limit=MOST_LISTED, newest_first=True)
    sessions = [LiveSession.from_item(item) for item in page.items]
    return [
        LiveSessionRow(
            each.number,
            each.pin if each.phase != LivePhase.FINISHED else "",
            LivePhase(each.phase),
            datetime.fromisoformat(each.opened_at),
            len(each.paths),
        )
        for each in sessions
    ]
