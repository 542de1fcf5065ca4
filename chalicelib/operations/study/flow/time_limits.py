"""Enforces time limits, and answers for participants who have disconnected."""

from __future__ import annotations

from chalicelib.messages import Autoplay
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.drafts import draft_of
from chalicelib.operations.study.answers.page_answers import (
    AUTOPLAY,
    TIMEOUT,
    complete_answers,
    page_at,
)
from chalicelib.operations.study.books.reading_progress import book_around
from chalicelib.operations.study.shared.group_clock import deadline_of
from chalicelib.operations.study.shared.live_gate import Gate, gate_of
from chalicelib.operations.study.shared.study_context import Pending, later, moment_of, session_of, study_of
from chalicelib.study.assignments.member_work import extend_clocks
from chalicelib.study.elements import Page, Wait
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import parse_path
from chalicelib.study.study_records import Place

from .ending import finish
from .hosting import follow_host
from .members import follow, stop_members
from .moves import DROPOUT, GRACE, is_over, pending_at, stop_with_pay, take_answers, wake_at_deadline

#: The number of pages that are answered in one commit for a participant who has disconnected.
MAX_AUTOPLAYED = 10
NOT_ANSWERED = "not_answered"


def expire(ctx: Context, place: Place, page: Page, by: str = TIMEOUT) -> None:
    """Answer a page whose time is up with `on_timeout` and the defaults, and move on.

    Where a required item has neither, as on a page without a time limit, the part ends with pay; so does that
    of the other members of the group, if they would wait for the answer.
    """
    player = session_of(ctx).player(place.participant_id)
    draft = draft_of(ctx, place, page)
    completed = complete_answers(ctx, player, page, None if draft is None else draft.answers)
    if completed is None:
        _end_unanswered(ctx, place, page)
        return
    take_answers(ctx, place, page, completed.answers, by, missed=completed.missed)


def _end_unanswered(ctx: Context, place: Place, page: Page) -> None:
    steps = list(study_of(ctx).plan().may_follow(parse_path(place.path)))
    stop_with_pay(
        ctx, place, marked("The study has ended for you, because a page wasn't answered."), NOT_ANSWERED
    )
    if place.in_group and place.network_id is not None and any(isinstance(s.element, Wait) for s in steps):
        group = session_of(ctx).group(place.network_id)
        if group.stored.stopped is None:
            what = f"{page.name!r} wasn't answered by participant {place.participant_id}, and has no defaults"
            stop_members(ctx, group, what, DROPOUT)


def autoplay(ctx: Context, place: Place) -> bool:
    """Answer the pages of a disconnected participant, up to a wait or the end; return whether more follow."""
    for _ in range(MAX_AUTOPLAYED):
        page = page_at(ctx, place)
        if place.ended is not None or page is None or gate_of(ctx, place) is Gate.HELD:
            return False
        if book_around(ctx, place) is not None:
            # A book has no end for a participant who doesn't press its button.
            return False
        expire(ctx, place, page, AUTOPLAY)
    return page_at(ctx, place) is not None and place.ended is None and book_around(ctx, place) is None


def expire_overdue(ctx: Context, place: Place) -> bool:
    """Expire a page whose time is over; return whether it was."""
    page = page_at(ctx, place)
    if place.ended is not None or page is None or not is_over(ctx, place):
        return False
    expire(ctx, place, page)
    return True


def enforce_time_limit(ctx: Context, participant_id: int) -> Pending | None:
    """Handle the moment of a participant's time limit; return what to check after the commit.

    The message may come early, because the participant has moved on meanwhile: it is recorded again.
    """
    session = session_of(ctx)
    session.prefetch([participant_id])
    place = session.find_place(participant_id)
    participant = ctx.uow.participant(participant_id)
    if place is None or not participant.is_working:
        return None
    if place.wake_at is not None and place.wake_at > later(ctx.now, GRACE):
        # An earlier message: the one for this place's time limit is still to come.
        return None
    place.wake_at = None
    if place.ended is not None:
        finish(ctx, participant, place)
    else:
        if not follow(ctx, place):
            follow_host(ctx, place)
            expire_overdue(ctx, place)
        if place.ended is None and not _is_past(ctx, place):
            wake_at_deadline(ctx, place)
    session.flush()
    return pending_at(ctx, place)


def play_for_departed(ctx: Context, place: Place) -> Pending | None:
    """Answer the pages of a participant who has disconnected; return what to check after the commit."""
    place.gone = True
    if autoplay(ctx, place):
        ctx.uow.post(Autoplay(place.participant_id))
    return pending_at(ctx, place)


def _is_past(ctx: Context, place: Place) -> bool:
    deadline = deadline_of(ctx, place)
    return deadline is not None and deadline <= ctx.now


def extend_page(ctx: Context, participant_id: int, minutes: int) -> None:
    """Extend the time limit of a participant's page, and of the timed parts around it."""
    session = session_of(ctx)
    place = session.find_place(participant_id)
    if place is None or place.ended is not None or place.until is None or page_at(ctx, place) is None:
        return
    until = moment_of(place.until)
    if until is not None:
        place.until = later(until, minutes * 60)
        ends = {path: moment_of(end) for path, end in place.clocks.items()}
        place.clocks = {path: later(end, minutes * 60) for path, end in ends.items() if end is not None}
        extend_clocks(place, minutes * 60)
        wake_at_deadline(ctx, place)
    session.flush()
