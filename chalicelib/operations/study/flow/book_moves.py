"""Moves participants inside a book: to a page that they open, to the one where they were, and out of it."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.errors import Forbidden, InvalidState, NotFound
from chalicelib.model.participant import Participant
from chalicelib.operations.participant.deadlines import give_extra_time
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.timed_parts import timed_around
from chalicelib.operations.study.books.reading_progress import (
    book_around,
    contents_of,
    pages_read,
    record_book_left,
)
from chalicelib.operations.study.shared.hook_errors import study_code
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.books.book_contents import BookEntry
from chalicelib.study.elements import Book
from chalicelib.study.elements.book import CONTENTS
from chalicelib.study.plan import Path, parse_path, write_path
from chalicelib.study.study_records import Place

from .moves import move_to

MINUTE = timedelta(minutes=1)


def open_in_book(ctx: Context, place: Place, wanted: str) -> None:
    """Move a participant to a page, a test, a chapter or the contents of the book in which they are."""
    path, _ = _book_that_can_be_left(ctx, place)
    decisions = session_of(ctx).decisions(place)
    with study_code(ctx, place.participant_id, f"the choice of the page {wanted}"):
        chapters = contents_of(ctx, place, path)
        entries = [entry for chapter in chapters for entry in chapter.entries]
        known = {chapter.path for chapter in chapters} | {entry.path for entry in entries}
        stop = None
        if wanted in known or wanted == f"{write_path(path)}/{CONTENTS}":
            stop = study_of(ctx).plan().at(parse_path(wanted), decisions)
    if stop is None:
        raise NotFound(
            "The book has no page there, or it is a test that you have taken: open its contents.",
            code="page_not_found",
        )
    move_to(ctx, place, stop)


def resume(ctx: Context, place: Place) -> None:
    """Move a participant from the contents to the page where they were, or the first one to read."""
    path, _ = _book_that_can_be_left(ctx, place)
    with study_code(ctx, place.participant_id, f"the contents of {place.path}"):
        entries = [entry for chapter in contents_of(ctx, place, path) for entry in chapter.entries]
        following = entry_to_read(ctx, place, path, entries)
        decisions = session_of(ctx).decisions(place)
        target = None if following is None else study_of(ctx).plan().at(parse_path(following.path), decisions)
    move_to(ctx, place, target or parse_path(place.path))


def entry_to_read(ctx: Context, place: Place, path: Path, entries: list[BookEntry]) -> BookEntry | None:
    """Return the entry where a participant was, unless it is finished; then the first that isn't.

    None when all are finished.
    """
    finished = {one.path for one in pages_read(ctx, place.participant_id) if one.is_finished}
    left = [entry for entry in entries if entry.path not in finished]
    last = place.books.get(write_path(path), {}).get("last")
    return next((entry for entry in left if entry.path == last), left[0] if left else None)


def leave_book(ctx: Context, participant: Participant, place: Place) -> None:
    """Move a participant who has finished a book to what follows it; `duration` leaves out their reading."""
    path, book = _book_that_can_be_left(ctx, place)
    if not book.can_finish:
        raise Forbidden("This book stays open; it has no end.", code="book_stays_open")
    began = moment_of(place.books.get(write_path(path), {}).get("began"))
    if began is not None:
        give_extra_time(ctx, participant, -(-(ctx.now - began) // MINUTE))
    record_book_left(ctx, place, path)
    with study_code(ctx, place.participant_id, f"the choice of the page after {write_path(path)}"):
        following = study_of(ctx).plan().behind(path, session_of(ctx).decisions(place))
    move_to(ctx, place, following)


def _book_that_can_be_left(ctx: Context, place: Place) -> tuple[Path, Book]:
    """Return the book in which a participant opens pages; InvalidState outside of one, and in a test."""
    around = book_around(ctx, place)
    if around is None:
        raise InvalidState("The page that is due isn't in a book; answer it instead.", code="not_in_book")
    if timed_around(ctx, place.path) is not None:
        raise InvalidState("A test is running. Finish it before you open another page.", code="test_running")
    return around
