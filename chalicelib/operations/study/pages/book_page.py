"""Renders the contents of a book, and tells each of its pages what is before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from chalicelib.errors import InvalidState
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.answers.timed_parts import timed_around
from chalicelib.operations.study.books.reading_progress import (
    book_around,
    contents_of,
    pages_read,
    share_read,
)
from chalicelib.operations.study.flow.book_moves import entry_to_read
from chalicelib.operations.study.shared.study_context import own_place, session_of, study_of
from chalicelib.study.books.book_contents import BookEntry, ChapterEntries
from chalicelib.study.books.reading_records import ReadPage
from chalicelib.study.elements import Book, Contents, Page
from chalicelib.study.elements.book import CONTENTS
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import Path, write_path
from chalicelib.study.study_records import DONE, Place
from chalicelib.study.translation import translate

_ANSWERED = marked("You have answered this page. You can answer it again; all answers are kept.")
_LEAVING = marked("You can't open the pages of this book again after you have finished it.")
_TESTS = marked("The clock of a test starts when you open it. You can take a test once.")
_UNREAD = marked("You haven't finished all pages yet.")


def book_fields(ctx: Context, place: Place, page: Page) -> dict[str, Any]:
    """Return what a page of a book needs to navigate; nothing outside of books."""
    around = book_around(ctx, place)
    if around is None:
        return {}
    path, book = around
    chapters = contents_of(ctx, place, path)
    language = study_of(ctx).language
    texts = (marked("Contents"), marked("Previous"), marked("Next"), marked("Close"))
    fields: dict[str, Any] = {
        "path": write_path(path),
        "title": book.heading,
        "contents": f"{write_path(path)}/{CONTENTS}",
        "can_finish": book.can_finish,
        "texts": [translate(text, language) for text in texts],
    }
    shown: dict[str, Any] = {"progress": share_read(ctx, place, path)}
    if isinstance(page, Contents):
        return shown | _contents_page(ctx, place, path, book, chapters, fields)
    fields |= _neighbours(place, chapters, language)
    fields["is_test"] = timed_around(ctx, place.path) is not None
    fields["annotations"] = book.annotations and not fields["is_test"]
    record = session_of(ctx).find_reading(place.participant_id, place.path)
    if record is not None:
        fields["position"] = record.position if record.serial == place.serial else 0.0
        if record.is_finished and study_of(ctx).items_of(page):
            fields["note"] = translate(_ANSWERED, language)
    return shown | {"book": fields}


def own_contents(ctx: Context) -> dict[str, Any]:
    """Return the contents of the book in which the calling participant is, as HTML."""
    _, place = own_place(ctx)
    around = None if place is None else book_around(ctx, place)
    if place is None or around is None:
        raise InvalidState("The page that is due isn't in a book; answer it instead.", code="not_in_book")
    path, _ = around
    read = pages_read(ctx, place.participant_id)
    return {"html": str(_contents_html(ctx, place, contents_of(ctx, place, path), read))}


def _neighbours(place: Place, chapters: Sequence[ChapterEntries], language: str) -> dict[str, Any]:
    """Return the chapter of a page, and the entries before and after it that can be opened."""
    entries = [(chapter, entry) for chapter in chapters for entry in chapter.entries]
    here = next(
        (index for index, (_, one) in enumerate(entries) if f"{place.path}/".startswith(f"{one.path}/")), None
    )
    if here is None:
        return {"chapter": "", "previous": None, "next": None}
    before = [one for _, one in entries[:here] if _can_be_opened(place, one)]
    after = [one for _, one in entries[here + 1 :] if _can_be_opened(place, one)]
    return {
        "chapter": entries[here][0].title,
        "previous": _link(before[-1], language) if before else None,
        "next": _link(after[0], language) if after else None,
    }


def _can_be_opened(place: Place, entry: BookEntry) -> bool:
    return f"{entry.path}{DONE}" not in place.draws


def _link(entry: BookEntry, language: str) -> dict[str, str]:
    note = "" if entry.minutes is None else f" ({_note(entry.minutes, language)})"
    return {"path": entry.path, "title": f"{entry.title}{note}"}


def _note(minutes: float, language: str) -> str:
    """Return what the contents say about a test."""
    return translate(marked("Test, time limit {n} min"), language).format(n=f"{minutes:g}")


def _contents_page(
    ctx: Context,
    place: Place,
    path: Path,
    book: Book,
    chapters: Sequence[ChapterEntries],
    fields: dict[str, Any],
) -> dict[str, Any]:
    """Return the fields of the page that lists the contents."""
    language = study_of(ctx).language
    read = pages_read(ctx, place.participant_id)
    entries = [entry for chapter in chapters for entry in chapter.entries]
    following = entry_to_read(ctx, place, path, entries)
    has_begun = "last" in place.books.get(write_path(path), {})
    parts = [Markup("<h1>{}</h1>").format(book.heading), _status(ctx, place, path, entries)]
    parts.append(_contents_html(ctx, place, chapters, read))
    if book.can_finish:
        parts.append(_finish_html(language, is_read=following is None))
    if any(one.minutes is not None and _can_be_opened(place, one) for one in entries):
        parts.insert(2, Markup('<p class="book-status">{}</p>').format(translate(_TESTS, language)))
    button = None
    if following is not None and following.minutes is not None:
        button = translate(marked("Begin the test: {title}"), language).format(title=following.title)
    elif following is not None:
        button = translate(marked("Continue") if has_begun else marked("Begin"), language)
    fields |= {"is_contents": True, "is_read": following is None}
    return {"book": fields, "button": button, "html": str(Markup("\n").join(parts))}


def _status(ctx: Context, place: Place, path: Path, entries: Sequence[BookEntry]) -> Markup:
    """Return how many pages are finished, in words."""
    finished = min(len(entries), int(place.books.get(write_path(path), {}).get("finished", 0)))
    text = translate(marked("{done} of {all} pages finished"), study_of(ctx).language)
    return Markup('<p class="book-status">{}</p>').format(text.format(done=finished, all=len(entries)))


def _finish_html(language: str, *, is_read: bool) -> Markup:
    """Return the button that finishes a book, which asks first: a finished book can't be opened again."""
    sentences = [translate(_LEAVING, language)] if is_read else [translate(_UNREAD, language)]
    sentences += [] if is_read else [translate(_LEAVING, language)]
    return Markup(
        '<details class="book-finish"><summary class="btn{}">{}</summary><p>{}</p>'
        '<button type="button" class="btn btn-primary" data-finish-book>{}</button></details>'
    ).format(
        " btn-primary" if is_read else "",
        translate(marked("Finish the book"), language),
        " ".join(sentences),
        translate(marked("Finish now"), language),
    )


def _contents_html(
    ctx: Context, place: Place, chapters: Sequence[ChapterEntries], read: Sequence[ReadPage]
) -> Markup:
    """Return the contents as a navigation: a list of pages for each chapter, with what is read."""
    language = study_of(ctx).language
    known = {one.path: one for one in read}
    inside = Markup("").join(
        Markup('<h2>{}{}</h2><ol class="book-entries">{}</ol>').format(
            chapter.title,
            _mark(known.get(chapter.path), language),
            Markup("").join(_line(place, one, known.get(one.path), language) for one in chapter.entries),
        )
        for chapter in chapters
    )
    label = translate(marked("Contents"), language)
    return Markup('<nav class="book-contents" aria-label="{}">{}</nav>').format(label, inside)


def _line(place: Place, entry: BookEntry, record: ReadPage | None, language: str) -> Markup:
    note = Markup("")
    if entry.minutes is not None:
        note = Markup(' <span class="book-note">{}</span>').format(_note(entry.minutes, language))
    mark = _mark(record, language)
    if not _can_be_opened(place, entry):
        return Markup("<li><span>{}</span>{}{}</li>").format(entry.title, note, mark)
    is_here = f"{place.path}/".startswith(f"{entry.path}/")
    current = Markup(' aria-current="page"') if is_here else Markup("")
    return Markup('<li><a href="?page={}" data-open="{}"{}>{}</a>{}{}</li>').format(
        entry.path, entry.path, current, entry.title, note, mark
    )


def _mark(record: ReadPage | None, language: str) -> Markup:
    """Return the word that says whether a page or chapter is read; nothing for one that wasn't opened."""
    if record is None:
        return Markup("")
    text = marked("Finished") if record.is_finished else marked("Started")
    kind = "finished" if record.is_finished else "started"
    return Markup(' <span class="book-mark" data-mark="{}">{}</span>').format(kind, translate(text, language))
