"""Lists the chapters and pages of a book that a participant has, with their titles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from chalicelib.immutable import immutable
from chalicelib.study.decisions import PlayerDecisions
from chalicelib.study.elements import Book, Chapter, Contents, Element, Page, Timed
from chalicelib.study.plan import Path, PathPart, PlanStep, write_path
from chalicelib.study.study_view import StudyView

_HEADING: Final = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
#: What begins a tag or an expression of a template, whose text isn't known before the page is shown.
_TEMPLATE: Final = ("{{", "{%")


@immutable()
class BookEntry:
    """A line of the contents: a page, or a test with a clock of its own."""

    path: str
    title: str
    #: The minutes of a test; None for a page.
    minutes: float | None


@immutable()
class ChapterEntries:
    """A chapter in the contents, with its entries."""

    path: str
    title: str
    entries: tuple[BookEntry, ...]


def chapters_of(study: StudyView, path: Path, decisions: PlayerDecisions) -> list[ChapterEntries]:
    """Return the chapters and entries of a book that a participant has."""
    step = study.plan().find(path)
    if step is None or not isinstance(step.element, Book):
        return []
    return [
        ChapterEntries(
            write_path(here), chapter.element.heading, tuple(_entries(study, chapter, here, decisions))
        )
        for chapter, here in _taken(step, path, decisions)
        if isinstance(chapter.element, Chapter)
    ]


def _entries(
    study: StudyView, chapter: PlanStep, path: Path, decisions: PlayerDecisions
) -> Iterator[BookEntry]:
    for step, here in _taken(chapter, path, decisions):
        element = step.element
        minutes = element.minutes if isinstance(element, Timed) else None
        yield BookEntry(write_path(here), title_of(study, element), minutes)


def _taken(step: PlanStep, path: Path, decisions: PlayerDecisions) -> Iterator[tuple[PlanStep, Path]]:
    """Yield the steps inside that the participant has, with their paths."""
    for inner in step.steps:
        here = (*path, PathPart(inner.name))
        if not isinstance(inner.element, Contents) and decisions.is_for_player(inner, here):
            yield inner, here


def title_of(study: StudyView, element: Element) -> str:
    """Return the title of a page in the contents: its title, its first heading, or its name."""
    if isinstance(element, Page) and element.title:
        return element.title
    if isinstance(element, Page) and element.name in study.library.names():
        compiled = study.library.page(element.name, study.language)
        title = str(compiled.settings.get("title", ""))
        heading = _HEADING.search(compiled.template)
        text = heading[1] if heading is not None and not any(one in heading[1] for one in _TEMPLATE) else ""
        if title or text:
            return title or Markup(text).striptags()  # noqa: S704 - a compiled page of the author, whose tags are removed
    words = re.sub(r"[_-]+", " ", element.label).strip()
    return words[:1].upper() + words[1:]
