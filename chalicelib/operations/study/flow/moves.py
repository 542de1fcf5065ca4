"""Moves participants along the timeline, and ends their part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.errors import StudyFull
from chalicelib.messages import EnforceTimeLimit, FormGroups, RingDoorbell
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.study.answers.hosted_answers import (
    is_removed,
    join_live_session,
    record_live_answer,
)
from chalicelib.operations.study.answers.page_answers import AUTOPLAY, record_answers
from chalicelib.operations.study.answers.passing_on import pass_on
from chalicelib.operations.study.answers.peer_answers import release_seats
from chalicelib.operations.study.answers.practice_items import goes_on, store_review
from chalicelib.operations.study.answers.timed_parts import (
    part_ends_at,
    part_is_over,
    record_result,
    time_factor,
    timed_around,
)
from chalicelib.operations.study.books.reading_progress import (
    before_test,
    record_finished,
    record_test_left,
)
from chalicelib.operations.study.design.assignment import assign_person, release_slot
from chalicelib.operations.study.grading.peer_grades import store_peer_grades
from chalicelib.operations.study.shared.class_rules import (
    restart_work_clocks,
    start_work_clocks,
    stop_work_clocks,
)
from chalicelib.operations.study.shared.group_clock import deadline_of, group_time
from chalicelib.operations.study.shared.hook_errors import study_code
from chalicelib.operations.study.shared.live_gate import is_paced
from chalicelib.operations.study.shared.study_context import Pending, later, moment_of, session_of, study_of
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.elements import (
    Element,
    End,
    EndlessTimelineError,
    Gathering,
    Join,
    Page,
    PeerAnswers,
    PeerGrading,
    Peers,
    Practice,
    Session,
    Wait,
)
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import Path, parse_path, write_path
from chalicelib.study.study_records import COMPLETE, Place, Pooled, peer_key

from .visits import schedule_visit

#: How long after the end of a time limit an answer is still accepted, in seconds: it was under way.
GRACE = 2.0
#: How long loading a page's media may delay the start of its time limit, in seconds.
MAX_LOADING = 10.0
#: How long an unrequested page waits before its time limit begins anyway, in seconds.
MAX_UNSEEN = 10.0
#: Seconds after which the part of a participant ends who was moved to the end and sends no request.
END_AFTER = 60.0
SCREEN_OUT, FULL, ERROR, RELEASED = "screen_out", "full", "error", "released"
DROPOUT = "dropout"
RELEASED_TEXT = marked("The researchers have ended the study here. You are paid for your time.")
STUDY_FULL = marked("This study is full: all of its places are taken. Thank you for your interest.")
#: How many pages of a missed session are skipped.
MAX_SKIPPED = 10_000


def element_at(ctx: Context, path: str) -> Element | None:
    """Return the element at a path; None at the end, or when the timeline no longer contains it."""
    step = study_of(ctx).plan().find(parse_path(path)) if path else None
    return None if step is None else step.element


def add_place(ctx: Context, participant: Participant) -> Place:
    """Create the place of a participant who has opened no page yet, before the first stop."""
    place = Place(participant_id=participant.id)
    session_of(ctx).add_place(place)
    join_live_session(ctx, place, participant.worker_id)
    if class_of_seat(participant.worker_id) is not None:
        place.class_seat = participant.worker_id
    return place


def begin(ctx: Context, participant: Participant) -> Place:
    """Create a participant's place at the first stop that applies."""
    session = session_of(ctx)
    place = add_place(ctx, participant)
    if is_removed(ctx, place):
        # The host has removed them from the lobby before they opened their link.
        stop_with_pay(ctx, place, RELEASED_TEXT, RELEASED)
        return place
    if not _has_cell(ctx, place):
        return place
    try:
        with study_code(ctx, place.participant_id, "the choice of the first page"):
            first = study_of(ctx).plan().first(session.decisions(place))
    except EndlessTimelineError as error:
        stop_endless(ctx, place, error)
        return place
    arrive(ctx, place, "" if first is None else write_path(first))
    return place


def move_on(ctx: Context, place: Place) -> None:
    """Move a participant to the stop after the one where they are; the page gets a new serial."""
    if not _has_cell(ctx, place):
        return
    plan, decisions = study_of(ctx).plan(), session_of(ctx).decisions(place)
    part = timed_around(ctx, place.path)
    try:
        with study_code(ctx, place.participant_id, f"the choice of the page after {place.path}"):
            if part is not None and part_is_over(ctx, place):
                following = plan.behind(part[0], decisions)
            else:
                following = plan.after(parse_path(place.path), decisions, place.ahead)
    except EndlessTimelineError as error:
        stop_endless(ctx, place, error)
        return
    move_to(ctx, place, before_test(ctx, place, following))


def move_to(ctx: Context, place: Place, following: Path | None) -> None:
    """Move a participant to a stop, or to the end; the page gets a new serial."""
    place.serial += 1
    path = "" if following is None else write_path(following)
    record_result(ctx, place, path)
    record_test_left(ctx, place, path)
    pass_on(ctx, place, path)
    arrive(ctx, place, path)


def skip_to_session(ctx: Context, place: Place) -> None:
    """Move a participant who has missed a session on to the next one, or to the end."""
    plan, decisions = study_of(ctx).plan(), session_of(ctx).decisions(place)
    path = place.path
    try:
        with study_code(ctx, place.participant_id, f"the choice of the session after {place.path}"):
            for _ in range(MAX_SKIPPED):
                following = plan.after(parse_path(path), decisions)
                path = "" if following is None else write_path(following)
                if following is None or isinstance(element_at(ctx, path), Session):
                    break
    except EndlessTimelineError as error:
        stop_endless(ctx, place, error)
        return
    place.serial += 1
    arrive(ctx, place, path)


def take_answers(
    ctx: Context,
    place: Place,
    page: Page,
    checked: Mapping[str, Any],
    by: str,
    seconds: float | None = None,
    embedded: Sequence[dict[str, Any]] = (),
    stop: Callable[[], None] | None = None,
    missed: Collection[str] = (),
) -> None:
    """Store checked answers, call the study's hooks, and move the participant on.

    `embedded`: the entries of answers that an embedded page gave: item, kind, answer. `stop`: called instead
    of the hooks and the move, when these have failed. `missed`: the items that the participant hasn't
    answered in time.
    """
    study = study_of(ctx)
    if isinstance(page, PeerGrading):
        # They are rows of the answers that they are about, not answers of this participant.
        store_peer_grades(ctx, place, page, checked)
        checked = {}
    elif isinstance(page, Practice):
        # Reviews have a log of their own: they are not attempts, and have no points.
        store_review(ctx, place, page, checked, seconds)
        checked = {}
    response = record_answers(ctx, place, page, checked, by, seconds, embedded, missed)
    given = [name for name, value in checked.items() if value is not None and name not in missed]
    if place.live and given and by != AUTOPLAY:
        record_live_answer(ctx, place, page, response)
    record_finished(ctx, place)
    if page.keep_draft:
        ctx.uow.delete_item(keys.draft(place.participant_id))
    if stop is not None:
        stop()
        return
    player = session_of(ctx).player(place.participant_id)
    with study_code(ctx, place.participant_id, f"a method of the study at {place.path}"):
        study.page_answered(player, page.name)
        if page.then is not None:
            getattr(study, page.then)(player)
    if is_paced(ctx, place):
        # The player stays until the host goes on; a repeated submission is stale.
        place.answered = True
        place.serial += 1
        return
    if isinstance(page, Practice) and goes_on(ctx, place, page):
        move_to(ctx, place, parse_path(place.path))
        return
    move_on(ctx, place)


def stop_endless(ctx: Context, place: Place, error: EndlessTimelineError) -> None:
    """End the part of a participant for whom no page would ever come, with pay, and notify the operator."""
    text = marked("We are sorry: an error has ended the study here. You are paid for your time.")
    where = place.path or "the start"
    stop_with_pay(ctx, place, text, ERROR)
    notify_operator(
        ctx,
        f"Participant {place.participant_id} was released with pay after {where}: {error} "
        "Correct the timeline and deploy again.",
    )


def complete(ctx: Context, place: Place) -> None:
    """End a participant's part before the end of the timeline, as one that is complete."""
    place.serial += 1
    _reach_end(ctx, place, None)


def _has_cell(ctx: Context, place: Place) -> bool:
    """Assign a participant to a cell, if that is due; release them with pay when the study is full."""
    try:
        assign_person(ctx, place)
    except StudyFull:
        stop_with_pay(ctx, place, STUDY_FULL, FULL)
        return False
    return True


def arrive(ctx: Context, place: Place, path: str) -> None:
    """Put a participant at the element at a path, which hasn't been shown to them yet."""
    stop_work_clocks(ctx, place)
    place.path = path
    place.answered = False
    place.ahead = study_of(ctx).plan().names_after(parse_path(path))
    place.shown_at = place.until = None
    place.slack = 0.0
    place.trials_done = place.trial_bytes = 0
    element = element_at(ctx, path)
    if element is None or isinstance(element, End):
        _reach_end(ctx, place, element)
    elif isinstance(element, Session):
        schedule_visit(ctx, place, element)
    elif isinstance(element, Gathering):
        _enter_pool(ctx, place, path, element)
    elif isinstance(element, PeerAnswers):
        place.until = later(ctx.now, element.wait_seconds)
        wake_by(ctx, place, place.until)
    elif isinstance(element, Page) and element.seconds is not None and not is_paced(ctx, place):
        # It begins when the page is sent; a page that isn't requested ends too. The message is
        # due as if the page were sent at once; when that was too early, it is recorded again.
        seconds = element.seconds * time_factor(ctx, place)
        place.until = later(group_time(ctx, place), seconds + MAX_UNSEEN)
        wake_by(ctx, place, later(ctx.now, seconds))


def _reach_end(ctx: Context, place: Place, element: Element | None) -> None:
    if isinstance(element, End):
        place.ended, place.message = element.kind, element.message
    else:
        place.ended, place.message, place.path = COMPLETE, "", ""
    wake_by(ctx, place, later(ctx.now, END_AFTER))


def stop_with_pay(ctx: Context, place: Place, message: str, reason: str) -> None:
    """End a participant's part early, with base pay and the points so far."""
    release_seats(ctx, place)
    place.serial += 1
    place.ended = reason
    place.message = message
    release_slot(ctx, place)
    place.shown_at = place.until = None
    wake_by(ctx, place, later(ctx.now, END_AFTER))


def _enter_pool(ctx: Context, place: Place, path: str, element: Gathering) -> None:
    pooled = Pooled(place.participant_id, str(iso(ctx.now)), pool_key(ctx, place, element))
    ctx.uow.put_unconditional(keys.pooled(path, place.participant_id), pooled.kind, pooled.to_fields())
    place.until = later(ctx.now, element.wait_minutes * 60)
    wake_by(ctx, place, place.until)
    ctx.uow.send_transient(FormGroups(path), f"form_groups|{path}")


def pool_key(ctx: Context, place: Place, element: Gathering) -> str:
    """Return the key that the members of one group must share: the cohort, and the condition if it counts.

    Among peers, it is what they have answered: the members of one group should have different keys.
    """
    shared = [] if place.cohort is None else [place.cohort]
    if isinstance(element, Peers):
        return peer_key(place.cohort, _answer_key(ctx, place, element.item))
    if element.match == "condition":
        shared += [f"{factor}={place.condition[factor]!r}" for factor in sorted(place.condition)]
    return "|".join(shared)


def _answer_key(ctx: Context, place: Place, item: str) -> str:
    """Return what participants with the same answer to an item share; empty without an item."""
    if not item:
        return ""
    value = session_of(ctx).player(place.participant_id).get(item)
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def wake_by(ctx: Context, place: Place, until: str) -> None:
    """Record a message for the moment just after a time limit, unless one is recorded that comes earlier.

    One message for each participant is enough: when it comes early, it is recorded again.
    """
    due = later(moment_of(until) or ctx.now, GRACE + place.slack)
    if place.wake_at is not None and str(iso(ctx.now)) < place.wake_at <= due:
        return
    place.wake_at = due
    ctx.uow.post(EnforceTimeLimit(place.participant_id), due=moment_of(due))


def wake_at_deadline(ctx: Context, place: Place) -> None:
    """Record a message for the moment just after the time limit of a participant, if they have one."""
    deadline = deadline_of(ctx, place)
    if deadline is not None:
        wake_by(ctx, place, iso(deadline))


def start_clock(ctx: Context, place: Place, *, has_media: bool = False) -> None:
    """Record that the page is being sent now, and begin its time limit."""
    if place.shown_at is not None:
        _start_again(ctx, place)
        return
    place.shown_at = iso(ctx.now)
    if is_paced(ctx, place):
        # Its time began when the host opened it; a group isn't kept waiting by a member who is away.
        if place.in_group:
            wake_at_deadline(ctx, place)
        return
    place.slack = MAX_LOADING if has_media else 0.0
    element = element_at(ctx, place.path)
    limits: list[str | None] = [part_ends_at(ctx, place, begins=True), *start_work_clocks(ctx, place)]
    if isinstance(element, Page) and element.seconds is not None:
        limits.append(later(group_time(ctx, place), element.seconds * time_factor(ctx, place)))
    set_limits = [limit for limit in limits if limit is not None]
    if set_limits:
        place.until = min(set_limits)
        wake_at_deadline(ctx, place)


def _start_again(ctx: Context, place: Place) -> None:
    """Let the clock of a timed assignment go on whose page is shown again."""
    ends = restart_work_clocks(ctx, place) if place.class_seat else []
    if ends and place.until is None:
        place.until = min(ends)
        wake_at_deadline(ctx, place)


def leave_page(ctx: Context, place: Place) -> None:
    """Stop the clock of a timed assignment whose page is closed; a time limit of its own goes on."""
    element = element_at(ctx, place.path)
    stop_work_clocks(ctx, place)
    has_own_limit = isinstance(element, Page) and element.seconds is not None
    if not has_own_limit and timed_around(ctx, place.path) is None:
        place.until = None


def is_over(ctx: Context, place: Place, loading: float | None = None) -> bool:
    """Whether the time limit of a page is over, with the grace for answers on their way.

    `loading`: the seconds that the page reports for loading its media; unknown before it has answered.
    """
    if is_paced(ctx, place):
        # The host ends it, or its gate closes.
        return False
    until = deadline_of(ctx, place)
    slack = place.slack if loading is None else min(loading, place.slack)
    return until is not None and ctx.now >= until + timedelta(seconds=GRACE + slack)


def is_nearly_over(ctx: Context, place: Place) -> bool:
    """Whether the time limit of a page is over or nearly so, since browsers' clocks differ."""
    until = deadline_of(ctx, place)
    return until is not None and ctx.now >= until - timedelta(seconds=GRACE)


def pending_at(ctx: Context, place: Place) -> Pending | None:
    """Return what to check after the commit: whether a group is complete or a wait is over."""
    element = element_at(ctx, place.path)
    if place.ended is not None:
        return None
    if isinstance(element, Gathering | Join):
        return Pending(place.path, place.participant_id, joins=isinstance(element, Join))
    if isinstance(element, PeerAnswers):
        return Pending(place.path, place.participant_id, grades=True)
    if isinstance(element, Wait) and place.in_group:
        return Pending(place.path, place.participant_id, place.network_id, mates=tuple(place.mates))
    return None


def ring(ctx: Context, places: Sequence[Place], name: Any) -> None:
    """Notify the pages of participants that another page is due."""
    ids = tuple(place.participant_id for place in places if place.ended is None or place.shown_at is None)
    if ids:
        ctx.uow.send_transient(RingDoorbell(ids), f"ring|{name}")
