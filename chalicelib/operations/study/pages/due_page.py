"""Returns the page that is due, and takes its answers: GET and POST /page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chalicelib.errors import AnswersRefused
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.operations.realtime.dropouts import BOT_SERIAL
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.embedded_data import stored_trials, take_embedded
from chalicelib.operations.study.answers.event_log import keep_events, keep_some_events
from chalicelib.operations.study.answers.page_answers import (
    PARTICIPANT,
    TIMEOUT,
    CompletedAnswers,
    check_answers,
    complete_answers,
    page_at,
    seconds_of,
)
from chalicelib.operations.study.answers.trial_batches import take_batch
from chalicelib.operations.study.flow.book_moves import resume
from chalicelib.operations.study.flow.ending import finish
from chalicelib.operations.study.flow.hosting import follow_host
from chalicelib.operations.study.flow.members import follow
from chalicelib.operations.study.flow.moves import (
    begin,
    element_at,
    is_nearly_over,
    is_over,
    move_on,
    take_answers,
)
from chalicelib.operations.study.flow.time_limits import expire
from chalicelib.operations.study.flow.visit_closing import begin_if_open, close_if_due
from chalicelib.operations.study.groups.departures import come_back
from chalicelib.operations.study.groups.stopping import stop_part
from chalicelib.operations.study.groups.waits import release
from chalicelib.operations.study.shared.class_end import GRACE_AFTER_END, is_class_over
from chalicelib.operations.study.shared.group_clock import patient_group
from chalicelib.operations.study.shared.live_gate import Gate, gate_of
from chalicelib.operations.study.shared.study_context import Pending, own_place, session_of
from chalicelib.study.elements import Chat, Contents, Embed, Live, Page, Session, Trials
from chalicelib.study.player import Player
from chalicelib.study.study_records import Place

from .show import PageView, show


def get_page(ctx: Context, settled: Pending | None = None) -> PageView:
    """Return the page that is due for the calling participant; the first call begins their part.

    `settled`: what this request has checked before; the group is then read in the first call.
    """
    if settled is not None and settled.network_id is not None:
        session_of(ctx).prefetch(settled.mates, keys.study_group(settled.network_id))
    participant, place = own_place(ctx)
    if place is None:
        require_working(participant)
        place = begin(ctx, participant)
    look_after(ctx, participant, place)
    # A task in a frame goes on where it was.
    stored = stored_trials(ctx, place) if isinstance(page_at(ctx, place), Embed) else []
    extra_fields = {"stored_trials": stored} if stored else None
    return respond(ctx, participant, place, extra_fields=extra_fields)


def post_page(
    ctx: Context,
    serial: int,
    answers: Any,
    timings: Any = None,
    events: Any = None,
    *,
    is_timeout: bool = False,
    failure: str | None = None,
) -> PageView:
    """Store the answers of the page with this serial, and return the page that follows.

    `is_timeout`: by the browser's clock, the time is up: valid answers are accepted, and `on_timeout` or
    defaults replace the others. Before the time is up, they are treated like any other answers.

    A serial that isn't the due one changes nothing: the answers were sent twice, or from an earlier page.

    `failure`: what the study's code has raised after these answers: they are stored, and the part ends.
    """
    participant, place = own_place(ctx)
    if place is None:
        require_working(participant)
        place = begin(ctx, participant)
        return respond(ctx, participant, place, stale=True)
    page = page_at(ctx, place)
    if is_class_over(ctx, place, GRACE_AFTER_END):
        return respond(ctx, participant, place)
    if serial != place.serial or page is None or place.ended is not None:
        return _respond_without_page(ctx, participant, place, serial)
    require_working(participant)
    come_back(ctx, place)
    # Trials are posted in several batches, and a batch can be sent again.
    keep = keep_some_events if isinstance(page, Trials | Embed) else keep_events
    keep(ctx, place, events)
    seconds, loading = seconds_of(timings)
    if gate_of(ctx, place) not in (Gate.FREE, Gate.OPEN):
        follow_host(ctx, place)
        return respond(ctx, participant, place, stale=True)
    if is_over(ctx, place, loading):
        expire(ctx, place, page)
        return respond(ctx, participant, place, stale=True)
    ctx.seed(participant, "page", place.serial)
    ctx.uow.declare_scope(*participant.node_ids)
    time_is_up = is_timeout and is_nearly_over(ctx, place)
    # Otherwise the group's clocks have stood still, which the page doesn't know yet.
    if time_is_up or not is_timeout or patient_group(ctx, place) is None:
        stop = None if failure is None else partial(stop_part, ctx, place.participant_id, failure)
        _take(ctx, participant, place, page, answers, seconds, stop, time_is_up=time_is_up)
    return respond(ctx, participant, place)


def _take(
    ctx: Context,
    participant: Participant,
    place: Place,
    page: Page,
    answers: Any,
    seconds: float | None,
    stop: Callable[[], None] | None,
    *,
    time_is_up: bool,
) -> None:
    """Take what a page sends: the answers to its items, or a batch of trials."""
    by = _answered_by(participant)
    if isinstance(page, Contents):
        resume(ctx, place)
        return
    if isinstance(page, Trials | Embed):
        sender = TIMEOUT if time_is_up and isinstance(page, Embed) else by
        _take_batch(ctx, place, page, answers, sender, seconds, stop)
        return
    if by == PARTICIPANT:
        _refuse_early(ctx, place, page)
    player = session_of(ctx).player(participant.id)
    if not time_is_up:
        checked = check_answers(ctx, player, page, answers)
        take_answers(ctx, place, page, checked, by, seconds, stop=stop)
        return
    completed = _completed_answers(ctx, player, page, answers)
    take_answers(ctx, place, page, completed.answers, TIMEOUT, seconds, stop=stop, missed=completed.missed)


def _completed_answers(ctx: Context, player: Player, page: Page, answers: Any) -> CompletedAnswers:
    """Return the valid answers, with defaults in place of the others; AnswersRefused where one is missing."""
    found = complete_answers(ctx, player, page, answers)
    if found is None:
        raise AnswersRefused({})
    return found


def _respond_without_page(ctx: Context, participant: Participant, place: Place, serial: int) -> PageView:
    """Respond to a submission that answers no page that is due: it may begin an open session."""
    is_session = isinstance(element_at(ctx, place.path), Session) and place.ended is None
    if is_session and serial == place.serial and begin_if_open(ctx, participant, place):
        return respond(ctx, participant, place)
    look_after(ctx, participant, place)
    return respond(ctx, participant, place, stale=True)


def _refuse_early(ctx: Context, place: Place, page: Page) -> None:
    """Refuse to end a live element or a chat before its time is up, where it has no button for that."""
    if isinstance(page, Live | Chat) and not page.can_leave and not is_nearly_over(ctx, place):
        raise AnswersRefused({page.name: "This part ends when its time is up."})


def _take_batch(
    ctx: Context,
    place: Place,
    page: Trials | Embed,
    batch: Any,
    by: str,
    seconds: float | None,
    stop: Callable[[], None] | None,
) -> None:
    """Store a batch of trials; the last one ends the page, and so does the end of an embedded page."""
    if isinstance(page, Trials):
        if take_batch(ctx, place, page, batch, by):
            take_answers(ctx, place, page, {}, by, stop=stop)
        return
    entries = take_embedded(ctx, place, page, batch, by)
    if entries is not None or by == TIMEOUT:
        take_answers(ctx, place, page, {}, by, seconds, entries or (), stop)


def _answered_by(participant: Participant) -> str:
    if participant.details.get(BOT_SERIAL) == participant.token_serial:
        return "stand_in"
    return "bot" if participant.recruiter.partition(":")[0] == "bots" else PARTICIPANT


def look_after(ctx: Context, participant: Participant, place: Place) -> None:
    """Mark the participant as connected, follow their group, and enforce time limits and ends of sessions."""
    come_back(ctx, place)
    if place.visit > 1:
        close_if_due(ctx, participant, place)
    while place.ended is None and follow(ctx, place):
        pass
    follow_host(ctx, place)
    page = page_at(ctx, place)
    if place.ended is None and page is not None and is_over(ctx, place):
        expire(ctx, place, page)
    elif place.ended is None and place.path and not _is_stop(ctx, place):
        # The timeline no longer contains the element: continue after the next remaining part.
        move_on(ctx, place)


def _is_stop(ctx: Context, place: Place) -> bool:
    element = element_at(ctx, place.path)
    return element is not None and element.is_stop


def release_and_show(ctx: Context, pending: Pending) -> tuple[bool, PageView | None]:
    """Release a group from a wait, and show the page that follows to the participant who came last.

    Return whether anything was changed, and the page; None for a participant who doesn't go on by it.
    """
    network_id, participant_id = pending.network_id, pending.participant_id
    if network_id is None or participant_id is None:
        return False, None
    changed = release(ctx, network_id, pending.path, pending.mates)
    place = session_of(ctx).place(participant_id)
    if not changed or place.path == pending.path:
        return changed, None
    return True, respond(ctx, ctx.uow.participant(participant_id), place)


def respond(
    ctx: Context,
    participant: Participant,
    place: Place,
    *,
    stale: bool = False,
    extra_fields: Mapping[str, Any] | None = None,
) -> PageView:
    """Return the page that is due, complete a participant at the end, and write what was changed."""
    view = show(ctx, place, stale=stale, extra_fields=extra_fields)
    if view.ended:
        finish(ctx, participant, place)
    session_of(ctx).flush()
    return view
