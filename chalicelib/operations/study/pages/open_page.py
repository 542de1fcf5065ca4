"""Opens another page of a book, and leaves a book: POST /page/open and /page/finish."""

from __future__ import annotations

from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.operations.shared.access import require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.event_log import keep_events
from chalicelib.operations.study.flow.book_moves import leave_book, open_in_book
from chalicelib.operations.study.flow.moves import begin
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import own_place
from chalicelib.study.study_records import Place

from .due_page import look_after, respond
from .show import PageView


def open_page(ctx: Context, serial: int, path: str, events: Any = None) -> PageView:
    """Move the calling participant to a page of the book in which they are, and return it.

    A serial that isn't the due one moves nothing: another device has opened a page since.
    """
    participant, place, is_due = _own_due_place(ctx, serial)
    if not is_due:
        return respond(ctx, participant, place, stale=True)
    keep_events(ctx, place, events)
    open_in_book(ctx, place, path)
    return respond(ctx, participant, place)


def finish_book(ctx: Context, serial: int, events: Any = None) -> PageView:
    """Finish the book in which the calling participant is, and return what follows it."""
    participant, place, is_due = _own_due_place(ctx, serial)
    if not is_due:
        return respond(ctx, participant, place, stale=True)
    keep_events(ctx, place, events)
    leave_book(ctx, participant, place)
    return respond(ctx, participant, place)


def _own_due_place(ctx: Context, serial: int) -> tuple[Participant, Place, bool]:
    """Return the caller's place, and whether the page of this serial is still due."""
    participant, place = own_place(ctx)
    if place is None:
        require_working(participant)
        return participant, begin(ctx, participant), False
    look_after(ctx, participant, place)
    is_due = place.serial == serial and place.ended is None and not is_class_over(ctx, place)
    if is_due:
        require_working(participant)
    return participant, place, is_due
