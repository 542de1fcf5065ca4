"""Reads and writes the records of live sessions."""

from __future__ import annotations

from typing import Final

from chalicelib.errors import NotFound
from chalicelib.messages import RingDoorbell
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.read_records import all_items
from chalicelib.serializable import copy_json
from chalicelib.study.live_sessions.live_session_records import LiveAnswer, LivePlayer, LiveSession

#: How many pages one message notifies; a socket is written to for each.
_PER_RING: Final = 100


def read_session(ctx: Context, number: int) -> LiveSession:
    """Return a live session; NotFound when there is none of this number."""
    item = ctx.uow.item(keys.live_session(number))
    if item is None:
        raise NotFound(f"There is no live session {number}.", code="live_session_not_found")
    return LiveSession.from_item(copy_json(dict(item)))


def store_session(ctx: Context, session: LiveSession) -> None:
    """Write a session, if it is stored as it was read."""
    ctx.uow.put_if_unchanged(keys.live_session(session.number), session.kind, session.to_fields())


def players_of(ctx: Context, number: int) -> list[LivePlayer]:
    """Return the players of a session, in the order of their seats."""
    return [LivePlayer.from_item(item) for item in all_items(ctx, keys.live_players(number))]


def answers_to(ctx: Context, number: int, position: int) -> list[LiveAnswer]:
    """Return the answers to one page of a session."""
    pk, prefix = keys.live_answers(number, position)
    return [LiveAnswer.from_item(item) for item in all_items(ctx, pk, prefix)]


def ring_players(ctx: Context, session: LiveSession, players: list[LivePlayer]) -> None:
    """Tell the pages of the players that the host has gone on."""
    ids = [one.participant_id for one in players if one.participant_id is not None and not one.kicked]
    for first in range(0, len(ids), _PER_RING):
        some = tuple(ids[first : first + _PER_RING])
        name = f"host{session.number}|{session.position}|{session.phase}|{bool(session.paused_at)}|{first}"
        ctx.uow.send_transient(RingDoorbell(some), name)
