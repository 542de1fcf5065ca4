"""Renders what players of a live session see while the host hasn't opened their next page."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup

from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.echoes import new_echo
from chalicelib.operations.study.answers.hosted_answers import LIVE_ANSWER, find_player
from chalicelib.operations.study.shared.live_gate import live_session_of
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.items.markup import marked
from chalicelib.study.live_sessions.live_session_records import LiveAnswer, LivePhase, LivePlayer, LiveSession
from chalicelib.study.study_records import Place
from chalicelib.study.translation import translate

#: The interval in which a page that waits for the host polls when its socket delivers nothing, in seconds.
POLL_SECONDS: Final = 2
_PAUSED: Final = marked("The host has paused the session. The clock stands still.")


def held_fields(ctx: Context, place: Place) -> dict[str, Any]:
    """Return the fields of the page that says what the host shows, and what the player has reached."""
    session, player = live_session_of(ctx, place), find_player(ctx, place.live)
    language = study_of(ctx).language
    heading, lines = _texts(ctx, place, session, player)
    title = translate(heading, language)
    html = Markup('<h1>{}</h1><div role="status">{}</div>').format(
        title, Markup("").join(Markup("<p>{}</p>").format(line) for line in lines if line)
    )
    return {
        "kind": "wait",
        "page": "held",
        "title": title,
        "html": str(html + Markup('<div class="waiting" aria-hidden="true"></div>')),
        "items": {},
        "seconds_left": None,
        "waits_until": None,
        "poll_seconds": POLL_SECONDS,
        "preload": [],
        "echo": None if player is None else new_echo(ctx, player),
    }


def paused_by_host(ctx: Context, place: Place) -> dict[str, Any]:
    """Return the sentence about a pause that the host has made, None while there is none."""
    session = live_session_of(ctx, place)
    is_paused = session is not None and session.paused_at is not None
    return {"paused": translate(_PAUSED, study_of(ctx).language) if is_paused else None}


def _texts(
    ctx: Context, place: Place, session: LiveSession | None, player: LivePlayer | None
) -> tuple[str, list[str]]:
    """Return the heading and the sentences of the page."""
    language = study_of(ctx).language
    name = "" if player is None else player.name
    if session is None or session.position < 0:
        return marked("You are in!"), [name, translate(marked("The host will begin soon."), language)]
    last = _last_answer(ctx, place, session)
    if session.phase == LivePhase.QUESTION:
        text = marked("Your answer is stored.") if last else marked("The next page comes soon.")
        return marked("Please wait"), [translate(text, language)]
    lines = [translate(marked("Look at the host's screen."), language)]
    if session.phase in (LivePhase.SOLUTION, LivePhase.LEADERS):
        return _verdict(last), [*_score_lines(language, last, player), *lines]
    return marked("Please wait"), lines


def _last_answer(ctx: Context, place: Place, session: LiveSession) -> LiveAnswer | None:
    """Return the player's answer to the page that is shown, or None."""
    if LIVE_ANSWER in ctx.read:
        stored: LiveAnswer = ctx.read[LIVE_ANSWER]
        return stored
    item = ctx.uow.item(keys.live_answer(session.number, session.position, place.participant_id))
    return None if item is None else LiveAnswer.from_item(item)


def _verdict(answer: LiveAnswer | None) -> str:
    if answer is None:
        return marked("You gave no answer")
    if answer.share is None:
        return marked("Thank you for your answer")
    if answer.share == 1:
        return marked("Right!")
    return marked("Partly right") if answer.share > 0 else marked("Not right")


def _score_lines(language: str, answer: LiveAnswer | None, player: LivePlayer | None) -> list[str]:
    lines = []
    if answer is not None and answer.share is not None:
        lines.append(translate(marked("Points for this answer: {n}"), language).format(n=answer.score))
    if player is not None:
        lines.append(translate(marked("Your points: {n}"), language).format(n=player.score))
    return lines
