"""Summarizes reading progress: how many readers have opened and finished each page of a book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chalicelib.operations.listings.listing import RecordFilter
from chalicelib.operations.listings.participant_records import list_readings
from chalicelib.operations.listings.study_rows import ReadingRow
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study

if TYPE_CHECKING:
    from chalicelib.study.study import Study

#: The most records that are read; a reader has one for each page that they have opened.
MOST_READINGS: Final = 5000
_PER_CALL: Final = 500
BOOK: Final = "book"


@dataclass(frozen=True, slots=True)
class PageReaders:
    """How many readers have opened and finished one page, test, chapter or book."""

    path: str
    what: str = field(metadata={"help": "page, test, chapter or book."})
    title: str
    depth: int = field(metadata={"help": "0 for a book, 1 for a chapter, 2 for what is in it."})
    opened: int
    finished: int
    share_finished: float | None = field(
        metadata={"help": "The share of the readers of the book who finished it, from 0 to 1."}
    )
    times_opened: float | None = field(metadata={"help": "The mean number of times that a reader opened it."})


@dataclass(frozen=True, slots=True)
class ReadingResults:
    """The books of a study with their chapters and pages, in the order of the contents."""

    pages: list[PageReaders]
    readers: int = field(metadata={"help": "The participants who have opened a book."})
    has_books: bool
    is_partial: bool = field(metadata={"help": "Whether only the newest participants' records were read."})


def read_reading(ctx: Context) -> ReadingResults:
    """Return how many readers have finished each page of a study's books; none for other experiments."""
    study = as_study(ctx.experiment)
    entries = [] if study is None else list(_entries(study))
    rows, is_partial = _newest_readings(ctx) if entries else ([], False)
    by_path: defaultdict[str, list[ReadingRow]] = defaultdict(list)
    for row in rows:
        by_path[row.path].append(row)
    pages = [
        _readers(path, what, title, depth, by_path[path], len(by_path[book]))
        for path, what, title, depth, book in entries
    ]
    readers = {row.participant_id for row in rows if row.what == BOOK}
    return ReadingResults(pages, len(readers), bool(entries), is_partial)


def _newest_readings(ctx: Context) -> tuple[list[ReadingRow], bool]:
    """Return what the newest participants have read, and whether there is more."""
    rows: list[ReadingRow] = []
    after = None
    while len(rows) < MOST_READINGS:
        found = list_readings(ctx, RecordFilter(), after, _PER_CALL)
        rows += found.rows
        after = found.next
        if after is None:
            return rows, False
    return rows, True


def _entries(study: Study) -> Iterator[tuple[str, str, str, int, str]]:
    """Yield the path, kind, title and depth of each entry of the contents, and the path of its book."""
    # Lazy import: an experiment that isn't a study has no books.
    from chalicelib.study.books.book_contents import title_of
    from chalicelib.study.elements import Book, Chapter, Contents, Page, Timed
    from chalicelib.study.plan import parse_path, write_path

    plan = study.plan()
    for path, step in plan.steps():
        if isinstance(step.element, Book):
            yield path, "book", step.element.heading, 0, path
        around = plan.book_around(parse_path(path))
        if around is None or isinstance(step.element, Contents):
            continue
        book, element = write_path(around[0]), step.element
        if isinstance(element, Chapter):
            yield path, "chapter", element.heading, 1, book
        elif isinstance(element, Page | Timed):
            is_test = isinstance(element, Timed)
            depth = len(parse_path(path)) - len(around[0])
            yield path, "test" if is_test else "page", str(title_of(study, element)), depth, book


def _readers(
    path: str, what: str, title: str, depth: int, rows: Sequence[ReadingRow], of_book: int
) -> PageReaders:
    finished = sum(row.finished_at is not None for row in rows)
    times = round(sum(row.opened for row in rows) / len(rows), 2) if rows else None
    share = round(finished / of_book, 4) if of_book else None
    return PageReaders(path, what, title, depth, len(rows), finished, share, times)
