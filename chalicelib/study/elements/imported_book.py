"""Makes a Book of what `petri import-book` has written into a study's folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from chalicelib.experiment.text_files import read_text

from .book import Book, Chapter
from .element import TimelineError
from .page_elements import Page

#: The file that lists the books of a study, and the format in which it is written.
CONTENTS_FILE: Final = "contents.json"
FORMAT: Final = 1


def imported_book(
    name: str = "",
    *,
    contents: str = CONTENTS_FILE,
    can_finish: bool = True,
    annotations: bool = False,
    chapters: Sequence[Chapter] = (),
) -> Book:
    """Return the book that `petri import-book` has imported.

    Args:
        name: The name of the book, of several; the only one by default.
        contents: The file that lists the books, beside the file that calls this function.
        can_finish: Whether the contents have a button "Finish".
        annotations: Whether readers can mark text and write notes beside it.
        chapters: Chapters behind those of the source, such as one with Practice.

    Returns:
        The book, with a chapter for each entry of its table of contents, and those in `chapters`.

    Raises:
        TimelineError: The file isn't there or can't be used, or has no such book.

    """
    caller = sys._getframe(1).f_globals.get("__file__")  # noqa: SLF001 - the only way to the caller's folder
    file = (Path(caller).parent if caller else Path.cwd()) / contents
    books = _read(file)
    if name not in books and (name or len(books) != 1):
        known = ", ".join(map(repr, books)) or "none"
        raise TimelineError(f"imported_book({name!r}): {contents} has the books {known}. Name one of them.")
    record = books[name] if name else next(iter(books.values()))
    imported = [
        Chapter(
            chapter["name"],
            [Page(page["id"], title=page["title"]) for page in chapter["pages"]],
            title=chapter["title"],
        )
        for chapter in record["chapters"]
    ]
    return Book(
        [*imported, *chapters],
        name=record["name"],
        title=record["title"],
        can_finish=can_finish,
        annotations=annotations,
    )


def _read(file: Path) -> dict[str, dict[str, Any]]:
    if not file.is_file():
        raise TimelineError(
            f"There is no {file.name}, which lists the pages of the book. Import it with: petri import-book"
        )
    try:
        document = json.loads(read_text(file))
        if document["format"] != FORMAT:
            raise TimelineError(
                f"{file.name} was written by another version of Petri. Import the book again."
            )
        return {book["name"]: book for book in document["books"]}
    except (ValueError, KeyError, TypeError) as error:
        raise TimelineError(f"{file.name} is damaged ({error}). Import the book again.") from error
