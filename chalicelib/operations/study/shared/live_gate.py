"""Says whether the host of a live session has opened the page where a participant is."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.live_sessions.live_session_records import LivePhase, LiveSession, session_of_seat
from chalicelib.study.study_records import Place

#: How long after the end of a page's time an answer is still accepted, in seconds: it was under way.
GRACE: Final = 2.0


class Gate(Enum):
    """What a live session lets a participant do where they are."""

    #: No host paces this element.
    FREE = auto()
    #: The page is shown, and its answers are taken.
    OPEN = auto()
    #: The host hasn't opened the page yet, or the player has answered it and the host hasn't gone on.
    HELD = auto()
    #: The time of the page is up, and the player hasn't answered it.
    CLOSED = auto()
    #: The host has gone on.
    PASSED = auto()


def live_session_of(ctx: Context, place: Place) -> LiveSession | None:
    """Return the live session that a participant has joined, or None."""
    number = session_of_seat(place.live)
    item = None if number is None else ctx.uow.item(keys.live_session(number))
    return None if item is None else LiveSession.from_item(copy_json(dict(item)))


def gate_of(ctx: Context, place: Place) -> Gate:
    """Return what the live session of a participant lets them do where they are."""
    if not place.live or place.ended is not None:
        return Gate.FREE
    session = live_session_of(ctx, place)
    if session is None or place.path not in session.paths:
        return Gate.FREE
    index = session.paths.index(place.path)
    if session.phase != LivePhase.FINISHED and index > session.position:
        return Gate.HELD
    if session.phase == LivePhase.FINISHED or index < session.position:
        return Gate.PASSED
    if place.answered:
        return Gate.HELD
    return Gate.OPEN if session.is_open(ctx.now, GRACE) else Gate.CLOSED


def is_paced(ctx: Context, place: Place) -> bool:
    """Whether the host of a live session paces the page where a participant is."""
    return gate_of(ctx, place) is not Gate.FREE
