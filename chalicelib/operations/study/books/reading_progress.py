"""Records which pages, tests and chapters of a book a participant has opened and finished."""

from __future__ import annotations

from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.page_answers import items_due, page_at
from chalicelib.operations.study.answers.timed_parts import timed_around
from chalicelib.operations.study.shared.class_end import is_class_over
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.books.book_contents import ChapterEntries, chapters_of
from chalicelib.study.books.reading_records import BOOK, CHAPTER, PAGE, TEST, ReadPage
from chalicelib.study.elements import Book, Contents, Embed, Trials
from chalicelib.study.elements.book import CONTENTS
from chalicelib.study.plan import Path, PathPart, parse_path, write_path
from chalicelib.study.study_records import DONE, Place


def book_around(ctx: Context, place: Place) -> tuple[Path, Book] | None:
    """Return the book in which a participant is, and its path; None outside of books."""
    return None if place.ended is not None else study_of(ctx).plan().book_around(parse_path(place.path))


def contents_of(ctx: Context, place: Place, path: Path) -> list[ChapterEntries]:
    """Return the chapters and entries of a book that a participant has."""
    return chapters_of(study_of(ctx), path, session_of(ctx).decisions(place))


def pages_read(ctx: Context, participant_id: int, path: str = "") -> list[ReadPage]:
    """Return what a participant has opened in books, or below a path of one."""
    return session_of(ctx).readings(participant_id, path)


def record_opened(ctx: Context, place: Place) -> None:
    """Record that the page of a book that is due is sent for the first time under its serial."""
    around = book_around(ctx, place)
    if around is None:
        return
    path, _ = around
    book, parts = write_path(path), parse_path(place.path)
    state = place.books.get(book)
    if state is None:
        state = {"began": iso(ctx.now), "finished": 0}
        _open(ctx, place, path, book, BOOK)
    if isinstance(page_at(ctx, place), Contents):
        place.books = {**place.books, book: state}
        return
    place.books = {**place.books, book: {**state, "last": place.path}}
    chapter = write_path(parts[: len(path) + 1])
    session, participant_id = session_of(ctx), place.participant_id
    session.prefetch([], keys.reading(participant_id, chapter), keys.reading(participant_id, place.path))
    if session.find_reading(participant_id, chapter) is None:
        _open(ctx, place, path, chapter, CHAPTER)
    timed = timed_around(ctx, place.path)
    if timed is not None and session.find_reading(participant_id, write_path(timed[0])) is None:
        _open(ctx, place, path, write_path(timed[0]), TEST)
    _open(ctx, place, path, place.path, PAGE)


def record_finished(ctx: Context, place: Place) -> None:
    """Record that the participant has answered the page of a book where they are, or read it to its end."""
    around = book_around(ctx, place)
    if around is None or isinstance(page_at(ctx, place), Contents):
        return
    is_new = _finish(ctx, place, around[0], place.path, PAGE)
    if is_new and timed_around(ctx, place.path) is None:
        _count(ctx, place, around[0], place.path)


def record_test_left(ctx: Context, place: Place, following: str) -> None:
    """Record that a participant leaves a test of a book, which can't be taken again."""
    around, timed = book_around(ctx, place), timed_around(ctx, place.path)
    if around is None or timed is None or parse_path(following)[: len(timed[0])] == timed[0]:
        return
    path = write_path(timed[0])
    place.draws[f"{path}{DONE}"] = iso(ctx.now)
    if _finish(ctx, place, around[0], path, TEST):
        _count(ctx, place, around[0], path)


def record_book_left(ctx: Context, place: Place, path: Path) -> None:
    """Record that a participant has finished a book."""
    _finish(ctx, place, path, write_path(path), BOOK)


def share_read(ctx: Context, place: Place, path: Path) -> float:
    """Return which share of the pages and tests of a book a participant has finished."""
    total = sum(len(chapter.entries) for chapter in contents_of(ctx, place, path))
    finished = int(place.books.get(write_path(path), {}).get("finished", 0))
    return min(1.0, finished / total) if total else 0.0


def before_test(ctx: Context, place: Place, following: Path | None) -> Path | None:
    """Return the contents instead of a test that would follow a page: its clock starts when it is opened."""
    around = book_around(ctx, place)
    if around is None or following is None or following[: len(around[0])] != around[0]:
        return following
    test, here = timed_around(ctx, write_path(following)), timed_around(ctx, place.path)
    if test is None or (here is not None and here[0] == test[0]):
        return following
    return (*around[0], PathPart(CONTENTS))


def keep_reading(ctx: Context, serial: int, position: float, *, is_at_end: bool) -> dict[str, Any]:
    """Keep how far the page of a book was scrolled; at its end, a page without questions is finished.

    A serial that isn't the due one changes nothing.
    """
    _, place = own_place(ctx)
    around = None if place is None else book_around(ctx, place)
    page = None if place is None else page_at(ctx, place)
    if place is None or around is None or page is None or serial != place.serial:
        return {"kept": False}
    if is_class_over(ctx, place):
        return {"kept": False}
    record = session_of(ctx).find_reading(place.participant_id, place.path)
    if record is None or isinstance(page, Contents):
        return {"kept": False}
    record.position, record.serial = round(min(1.0, max(0.0, position)), 4), serial
    record.last_at = iso(ctx.now)
    has_questions = isinstance(page, Trials | Embed) or bool(
        items_due(ctx, session_of(ctx).player(place.participant_id), page)
    )
    if is_at_end and not has_questions:
        record_finished(ctx, place)
    session_of(ctx).flush()
    return {"kept": True, "finished": record.is_finished, "progress": share_read(ctx, place, around[0])}


def _open(ctx: Context, place: Place, book: Path, path: str, what: str) -> ReadPage:
    """Record that something in a book, or the book, is opened, now."""
    now = iso(ctx.now)
    record = session_of(ctx).find_reading(place.participant_id, path)
    if record is None:
        record = ReadPage(place.participant_id, path, what, now, now, book=write_path(book))
        names = parse_path(path)[len(book) :]
        record.chapter = write_path(names[:1]) if names else None
        record.page = write_path(names[-1:]) if what in (PAGE, TEST) else None
        session_of(ctx).add_reading(record)
    record.opened += 1
    record.last_at, record.serial = now, place.serial
    record.position = 0.0 if what in (PAGE, TEST) else None
    return record


def _finish(ctx: Context, place: Place, book: Path, path: str, what: str) -> bool:
    """Record that something is finished; return whether it wasn't before."""
    found = session_of(ctx).find_reading(place.participant_id, path)
    record = found or _open(ctx, place, book, path, what)
    record.last_at = iso(ctx.now)
    if record.is_finished:
        return False
    record.finished_at = record.last_at
    return True


def _count(ctx: Context, place: Place, book: Path, finished: str) -> None:
    """Count a finished entry of the contents, and finish its chapter with its last one."""
    name = write_path(book)
    state = place.books.get(name, {"began": iso(ctx.now), "finished": 0})
    place.books = {**place.books, name: {**state, "finished": int(state["finished"]) + 1}}
    chapter = write_path(parse_path(finished)[: len(book) + 1])
    entries = next((one.entries for one in contents_of(ctx, place, book) if one.path == chapter), ())
    known = {one.path for one in pages_read(ctx, place.participant_id, f"{chapter}/") if one.is_finished}
    if all(one.path in known or one.path == finished for one in entries):
        _finish(ctx, place, book, chapter, CHAPTER)
