"""Lets participants of a live session follow its host, each in a commit of their own.

The host changes one record; 300 participants follow at their next request, so none of them meets another.
"""

from __future__ import annotations

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import TIMEOUT, complete_answers, page_at
from chalicelib.operations.study.shared.live_gate import Gate, gate_of
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.study_records import Place

from .moves import move_on, take_answers

#: How many pages that the host has passed are skipped in one commit, for a participant who joins late.
MAX_SKIPPED = 60


def follow_host(ctx: Context, place: Place) -> None:
    """Leave the pages that the host has passed, and hold a player whose page is closed."""
    for _ in range(MAX_SKIPPED):
        gate = gate_of(ctx, place)
        if gate is Gate.CLOSED:
            _close(ctx, place)
        elif gate is Gate.PASSED:
            _pass(ctx, place)
        else:
            break
    if place.held and gate_of(ctx, place) is not Gate.HELD:
        # The page that is shown now needs a number that the browser hasn't seen.
        place.held = False
        place.serial += 1


def _close(ctx: Context, place: Place) -> None:
    """End a page without an answer: with the author's answers for that, or as one that stays without."""
    page = page_at(ctx, place)
    completed = None
    if page is not None:
        completed = complete_answers(ctx, session_of(ctx).player(place.participant_id), page)
    has_answer = completed is not None and any(value is not None for value in completed.answers.values())
    if page is not None and completed is not None and has_answer:
        take_answers(ctx, place, page, completed.answers, TIMEOUT, missed=completed.missed)
    else:
        place.answered = True
        place.serial += 1


def _pass(ctx: Context, place: Place) -> None:
    """Go on from a page that the host has passed; one that wasn't closed for this player is closed first."""
    if not place.answered and place.shown_at is not None:
        _close(ctx, place)
    move_on(ctx, place)
