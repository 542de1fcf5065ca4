"""Says what the assignments of a class allow a member on a page; participants without a class cost no read.

Whether an answer counts follows from its own moment when grades are computed. So a due date that is changed
while an answer is under way never leaves an answer that counts for one reader and not for another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from chalicelib.operations.shared.context import Context
from chalicelib.study.assignments.assignment_records import PAGE, PageRef
from chalicelib.study.assignments.assignment_texts import DUE_PASSED, TIME_USED
from chalicelib.study.assignments.member_work import (
    MemberAssignment,
    belongs,
    start_clock_of,
    stop_clocks,
)
from chalicelib.study.elements import Page
from chalicelib.study.plan import parse_path
from chalicelib.study.study_records import Place
from chalicelib.study.translation import translate

from .study_context import later, session_of, study_of

_NOTHING: Final[Mapping[str, str]] = {}


def closed_items(ctx: Context, place: Place, page: Page, names: Collection[str]) -> Mapping[str, str]:
    """Return which of a page's items take no answer any more, each with the reason for the participant."""
    if not place.class_seat:
        return _NOTHING
    closed: dict[str, str] = {}
    ref = PageRef(page.name, place.path)
    for one in session_of(ctx).work_of(place):
        reason = _reason(ctx, place, one)
        if reason:
            entries = one.assignment.entries
            is_whole_page = any(entry.kind == PAGE and ref.is_called(entry.name) for entry in entries)
            asked = {entry.name for entry in entries if entry.kind != PAGE}
            closed |= dict.fromkeys(names if is_whole_page else asked.intersection(names), reason)
    return closed


def _reason(ctx: Context, place: Place, work: MemberAssignment) -> str:
    language = study_of(ctx).language
    if work.terms.is_closed(ctx.now):
        return translate(DUE_PASSED, language).format(name=work.assignment.name)
    left = work.seconds_left(place, ctx.now)
    if left is not None and left <= 0 and not _was_shown_before(place, ctx.now + timedelta(seconds=left)):
        return translate(TIME_USED, language).format(name=work.assignment.name)
    return ""


def _was_shown_before(place: Place, end: datetime) -> bool:
    """Whether a page was open when the time ended: its time limit ends it, and takes what was entered."""
    return place.shown_at is not None and datetime.fromisoformat(place.shown_at) < end


def start_work_clocks(ctx: Context, place: Place) -> list[str]:
    """Start the clocks of the timed assignments that a page belongs to; return when each of them ends."""
    ends = []
    for one in _timed_here(ctx, place):
        if not one.is_used_up(place, ctx.now) and not one.terms.is_closed(ctx.now):
            start_clock_of(one, place, ctx.now)
            left = one.seconds_left(place, ctx.now)
            ends += [] if left is None else [later(ctx.now, left)]
    return ends


def _timed_here(ctx: Context, place: Place) -> Iterator[MemberAssignment]:
    step = study_of(ctx).plan().find(parse_path(place.path)) if place.class_seat else None
    if step is None or not isinstance(step.element, Page):
        return
    page = step.element
    items = list(study_of(ctx).items_of(page))
    for one in session_of(ctx).work_of(place):
        if one.terms.seconds is not None and belongs(one.assignment, PageRef(page.name, place.path), items):
            yield one


def stop_work_clocks(ctx: Context, place: Place) -> None:
    """Stop the clocks of a member who leaves a page, as far as their assignments may be paused."""
    if place.work_clocks:
        stop_clocks(session_of(ctx).work_of(place), place, ctx.now)


def running_since(ctx: Context, place: Place) -> str | None:
    """Return since when the clock of a page runs that stands still while the page is closed; None without."""
    if not place.work_clocks:
        return None
    clocks = [
        place.work_clocks[str(one.assignment.number)].get("since")
        for one in _timed_here(ctx, place)
        if one.assignment.pause and str(one.assignment.number) in place.work_clocks
    ]
    return max((since for since in clocks if since), default=None)


def restart_work_clocks(ctx: Context, place: Place) -> list[str]:
    """Note that a page is shown again, so that word of its earlier closing stops no clock."""
    if running_since(ctx, place) is None:
        return [] if place.until is not None else start_work_clocks(ctx, place)
    stop_work_clocks(ctx, place)
    return start_work_clocks(ctx, place)


def has_work_clock(place: Place) -> bool:
    """Whether the clock of a timed assignment runs for a member."""
    return any(clock.get("since") is not None for clock in place.work_clocks.values())
