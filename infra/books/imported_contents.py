"""Defines what a study knows of an imported book: chapters, pages, questions and their feedback.

It is stored as `contents.json`, which `imported_book` reads, also in Lambda, where no YAML can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.errors import BadRequest
from chalicelib.experiment.text_files import read_text
from chalicelib.study.elements.imported_book import CONTENTS_FILE, FORMAT


@dataclass(frozen=True, slots=True)
class AnswerFeedback:
    """What a participant reads after an answer, and the points that this answer earns."""

    #: the key of an option, "correct", "incorrect", or "" for every answer
    answer: str
    text: str
    #: empty where the points don't depend on this alone
    points: str = ""


@dataclass(frozen=True, slots=True)
class ImportedQuestion:
    """An item of a page, as the gradebook lists it."""

    item: str
    kind: str
    label: str
    #: its place among the questions of the book, from 1
    index: int
    points: str
    #: "rule", "hand", "peer", or "" for an item that isn't graded
    grader: str
    feedback: tuple[AnswerFeedback, ...] = ()
    #: a hash of the whole definition
    hash: str = ""


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """A page of a book."""

    id: str
    title: str
    #: its address in the book as Sphinx builds it
    url: str
    #: the path of its file in the Sphinx project
    source: str
    #: its place among the pages of the book, from 1
    index: int
    questions: tuple[ImportedQuestion, ...] = ()
    #: a hash of its text
    hash: str = ""


@dataclass(frozen=True, slots=True)
class ImportedChapter:
    """A chapter of a book."""

    name: str
    title: str
    pages: tuple[ImportedPage, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedContents:
    """A book as it was imported."""

    name: str
    title: str
    chapters: tuple[ImportedChapter, ...] = ()
    #: the SHA-256 of each file of the study that the import wrote, by path
    files: Mapping[str, str] = field(default_factory=dict)

    def pages(self) -> Iterator[tuple[ImportedChapter, ImportedPage]]:
        """Yield the pages with their chapters, in order."""
        for chapter in self.chapters:
            for page in chapter.pages:
                yield chapter, page

    def questions(self) -> Iterator[tuple[ImportedPage, ImportedQuestion]]:
        """Yield the questions with their pages, in order."""
        for _, page in self.pages():
            for question in page.questions:
                yield page, question


def read_contents(folder: Path) -> dict[str, ImportedContents]:
    """Return the books that were imported into a folder, by name; BadRequest when the file is damaged."""
    file = folder / CONTENTS_FILE
    if not file.is_file():
        return {}
    try:
        document = json.loads(read_text(file))
        if document["format"] != FORMAT:
            raise BadRequest(f"{file} was written by another version of Petri. Use that version.")
        return {book["name"]: _book(book) for book in document["books"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(
            f"{file} is damaged ({error}). Restore it, or remove it with the book's files, and import again."
        ) from error


def write_contents(books: Mapping[str, ImportedContents]) -> bytes:
    """Return the text of `contents.json`: the same books give the same text."""
    document = {"format": FORMAT, "books": [asdict(book) for _, book in sorted(books.items())]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _book(record: Mapping[str, Any]) -> ImportedContents:
    chapters = tuple(
        ImportedChapter(each["name"], each["title"], tuple(_page(page) for page in each["pages"]))
        for each in record["chapters"]
    )
    return ImportedContents(record["name"], record["title"], chapters, dict(record["files"]))


def _page(record: Mapping[str, Any]) -> ImportedPage:
    questions = tuple(
        ImportedQuestion(**{**each, "feedback": tuple(AnswerFeedback(**one) for one in each["feedback"])})
        for each in record["questions"]
    )
    return ImportedPage(**{**record, "questions": questions})
