"""Reads which assignments a participant has, and what holds for them: only members of a class have any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.serializable import copy_json
from chalicelib.study.classes.class_seats import class_of_seat
from chalicelib.study.study_records import Place

from .assignment_records import (
    PAGE,
    AssignmentTerms,
    ClassAssignment,
    DeadlineException,
    PageRef,
    entries_asked,
    terms_of,
)

if TYPE_CHECKING:
    from chalicelib.ports import UnitOfWork
    from chalicelib.study.study_view import StudyView


@immutable()
class MemberAssignment:
    """An assignment of a member, with what holds for them."""

    assignment: ClassAssignment
    terms: AssignmentTerms

    def seconds_left(self, place: Place, now: datetime) -> float | None:
        """Return how long the member may still work on it; None without a limit, and before it begins."""
        clock = place.work_clocks.get(str(self.assignment.number))
        if self.terms.seconds is None or clock is None:
            return None
        return self.terms.seconds - _seconds_run(clock, now)

    def is_used_up(self, place: Place, now: datetime) -> bool:
        """Whether the member's time for a timed assignment is over."""
        left = self.seconds_left(place, now)
        return left is not None and left <= 0


def _seconds_run(clock: dict[str, object], now: datetime) -> float:
    since, ran = clock.get("since"), float(str(clock.get("ran", 0.0)))
    return ran if since is None else ran + (now - datetime.fromisoformat(str(since))).total_seconds()


def read_member_work(work: UnitOfWork, seat: str) -> Sequence[MemberAssignment]:
    """Return the assignments of a member, in order; without a read for a participant who isn't a member."""
    number = class_of_seat(seat) if seat else None
    if number is None:
        return ()
    stored = work.items(keys.class_work(number), keys.CLASS_TASKS)
    assignments = [ClassAssignment.from_item(copy_json(dict(item))) for item in stored]
    if not assignments:
        return ()
    own = map(DeadlineException.from_item, work.items(*keys.exceptions_of_seat(number, seat)))
    exceptions = {one.assignment: one for one in own}
    return [MemberAssignment(one, terms_of(one, exceptions.get(one.number))) for one in assignments]


def items_of_assignment(study: StudyView, assignment: ClassAssignment) -> frozenset[str]:
    """Return the items of an assignment: those that it names, and those that its pages ask."""
    names = {entry.name for entry in assignment.entries if entry.kind != PAGE}
    if any(entry.kind == PAGE for entry in assignment.entries):
        for ref, items in pages_of_study(study):
            if any(entry.kind == PAGE and ref.is_called(entry.name) for entry in assignment.entries):
                names.update(items)
    return frozenset(names)


def pages_of_study(study: StudyView) -> list[tuple[PageRef, Sequence[str]]]:
    """Return the pages of a study in the order of the timeline, each with the items that it asks."""
    # Lazy import: elements import records.
    from chalicelib.study.elements import Page

    return [
        (PageRef(step.element.name, path), list(study.items_of(step.element)))
        for path, step in study.plan().steps()
        if isinstance(step.element, Page)
    ]


def belongs(assignment: ClassAssignment, page: PageRef, items: Sequence[str]) -> bool:
    """Whether a page belongs to an assignment."""
    return entries_asked(assignment.entries, page, items)


def start_clock_of(work: MemberAssignment, place: Place, now: datetime) -> None:
    """Let the clock of a timed assignment run: it begins with the first page, and goes on with each other."""
    name = str(work.assignment.number)
    clock = place.work_clocks.get(name)
    if clock is None or clock.get("since") is None:
        ran = 0.0 if clock is None else clock.get("ran", 0.0)
        place.work_clocks = {**place.work_clocks, name: {"since": iso(now), "ran": ran}}


def stop_clocks(works: Sequence[MemberAssignment], place: Place, now: datetime) -> None:
    """Stop the clocks of the timed assignments that may be paused, because the member leaves the page."""
    for one in works:
        name = str(one.assignment.number)
        clock = place.work_clocks.get(name)
        if one.assignment.pause and clock is not None and clock.get("since") is not None:
            stopped = {"since": None, "ran": round(_seconds_run(clock, now), 3)}
            place.work_clocks = {**place.work_clocks, name: stopped}


def extend_clocks(place: Place, seconds: float) -> None:
    """Give a member more time for the assignment whose clock runs."""
    place.work_clocks = {
        name: {**clock, "ran": clock["ran"] - seconds} if clock.get("since") is not None else clock
        for name, clock in place.work_clocks.items()
    }
