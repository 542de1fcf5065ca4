"""Stores what the players of a live session answer on the pages that its host paces, and their scores."""

from __future__ import annotations

import json
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.live_gate import live_session_of
from chalicelib.operations.study.shared.study_context import moment_of
from chalicelib.serializable import copy_json
from chalicelib.study.elements import Page
from chalicelib.study.live_sessions.live_session_records import (
    LiveAnswer,
    LivePlayer,
    live_score,
    session_of_seat,
)
from chalicelib.study.study_records import Place, StudyResponse

#: How many characters of an answer the records of a live session hold.
MAX_SHOWN: Final = 300
#: The name under which the context keeps the answer that this unit of work stores.
LIVE_ANSWER: Final = "live_answer"


def join_live_session(ctx: Context, place: Place, seat: str) -> None:
    """Make a participant who begins with a seat of a live session one of its players.

    A seat belongs to the first participant who begins with it: where workers may repeat the study, a second
    one would answer each page once more.
    """
    player = find_player(ctx, seat)
    if player is None or player.participant_id not in (None, place.participant_id):
        return
    place.live = seat
    player.participant_id = place.participant_id
    store_player(ctx, player)


def is_removed(ctx: Context, place: Place) -> bool:
    """Whether the host has removed this player from the live session."""
    player = find_player(ctx, place.live)
    return player is not None and player.kicked


def record_live_answer(ctx: Context, place: Place, page: Page, response: StudyResponse) -> None:
    """Store a player's answer for the host's screen, and add its score; once, since the page is left then."""
    session = live_session_of(ctx, place)
    player = find_player(ctx, place.live)
    if session is None or player is None or response.path not in session.paths:
        return
    began = moment_of(session.question_at) or ctx.now
    taken = max(0.0, (session.clock(ctx.now) - began).total_seconds() - player.latency)
    shares = [float(one["percent"]) for one in response.answers if one.get("percent") is not None]
    share = sum(shares) / len(shares) if shares else None
    answer = LiveAnswer(
        session.number,
        session.paths.index(response.path),
        place.participant_id,
        place.live,
        {one["item"]: _bounded(one["answer"]) for one in response.answers},
        share,
        round(taken, 3),
        0 if share is None else live_score(page.seconds, taken, share),
    )
    key = keys.live_answer(session.number, answer.position, place.participant_id)
    ctx.uow.put_item(key, answer.kind, answer.to_fields())
    # The page that says so is shown in the same unit of work, which reads only what is stored.
    ctx.read[LIVE_ANSWER] = answer
    player.answered += 1
    player.right += share == 1
    player.score += answer.score
    store_player(ctx, player)


def _bounded(answer: Any) -> Any:
    """Return an answer for the host's screen: a long one is in the response as a whole."""
    if isinstance(answer, str):
        return answer[:MAX_SHOWN]
    return answer if len(json.dumps(answer, default=str)) <= MAX_SHOWN else None


def find_player(ctx: Context, seat: str) -> LivePlayer | None:
    """Return the player with a seat in a live session, or None."""
    number = session_of_seat(seat)
    item = None if number is None else ctx.uow.item(keys.live_player(number, seat))
    return None if item is None else LivePlayer.from_item(copy_json(dict(item)))


def store_player(ctx: Context, player: LivePlayer) -> None:
    """Write a player, if they are stored as they were read."""
    ctx.uow.put_if_unchanged(keys.live_player(player.session, player.seat), player.kind, player.to_fields())
