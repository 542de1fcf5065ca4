"""Puts the documents of a Sphinx project in order: chapters, their pages, and the ids of pages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from chalicelib.study.pages.compiled import Problem

from .imported_contents import ImportedContents
from .sphinx_project import SourceDocument, SphinxProject

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
#: The contents of a book are a page of this name.
_RESERVED: Final = frozenset({"contents"})
_TOCTREE: Final = re.compile(r'<div class="toctree-wrapper[^"]*">.*?</div>', re.DOTALL)
_HEADING: Final = re.compile(r"<h1>.*?</h1>", re.DOTALL)
_TAG: Final = re.compile(r"<(?!petri-item|img|video|audio|iframe)[^>]*>")


@dataclass(frozen=True)
class OrderedPage:
    """A document with its page id and its chapter."""

    document: SourceDocument
    id: str
    chapter: str
    chapter_title: str
    #: whether the id isn't in the source
    is_new_id: bool


def ordered_pages(
    project: SphinxProject, earlier: ImportedContents | None, problems: list[Problem]
) -> list[OrderedPage]:
    """Return the pages of a book in order; what is wrong with their ids is added to the problems."""
    chapters = list(_chapters(project))
    documents = [document for _, chapter in chapters for document in chapter]
    ids = _ids(documents, earlier, problems)
    return [
        OrderedPage(document, ids[document.docname], ids[first.docname], first.title, not document.ids)
        for first, chapter in chapters
        for document in chapter
    ]


def _chapters(project: SphinxProject) -> Iterator[tuple[SourceDocument, list[SourceDocument]]]:
    """Yield each chapter: the document that the root's table of contents lists, with all below it."""
    root = project.documents.get(project.root)
    if root is None:
        return
    seen = {project.root}
    if has_text(root.body):
        yield root, [root]
    for docname in root.children:
        chapter = list(_below(docname, project, seen))
        if chapter:
            yield chapter[0], chapter


def _below(docname: str, project: SphinxProject, seen: set[str]) -> Iterator[SourceDocument]:
    document = project.documents.get(docname)
    if document is None or docname in seen:
        return
    seen.add(docname)
    yield document
    for child in document.children:
        yield from _below(child, project, seen)


def has_text(body: str) -> bool:
    """Whether a document has more than its title and its table of contents."""
    return bool(_TAG.sub("", _HEADING.sub("", _TOCTREE.sub("", body))).strip())


def _ids(
    documents: list[SourceDocument], earlier: ImportedContents | None, problems: list[Problem]
) -> dict[str, str]:
    """Return the page id of each document: its own, that of the last import, or one made of its name."""
    ids: dict[str, str] = {}
    owners: dict[str, SourceDocument] = {}
    for document in documents:
        if document.ids:
            page_id, line = document.ids[0]
            problem = _problem(document, owners.get(page_id))
            if problem is not None:
                problems.append(Problem(document.source, line, *problem))
            ids[document.docname] = page_id
            owners.setdefault(page_id, document)
    before = {page.source: page.id for _, page in earlier.pages()} if earlier is not None else {}
    for document in documents:
        if not document.ids:
            known = before.get(document.source, "")
            page_id = known if known and known not in owners else new_id(document.docname, owners)
            ids[document.docname] = page_id
            owners[page_id] = document
    return ids


def _problem(document: SourceDocument, owner: SourceDocument | None) -> tuple[str, str] | None:
    page_id = document.ids[0][0]
    if len(document.ids) > 1:
        return f"This page has {len(document.ids)} page ids.", "Keep the first one."
    if not _ID.fullmatch(page_id) or page_id in _RESERVED:
        return (
            f"{page_id!r} can't be a page id.",
            "Use letters, digits, _ and -, beginning with a letter or digit; `contents` is taken.",
        )
    if owner is not None:
        return (
            f"The page id {page_id!r} is also that of {owner.source}, line {owner.ids[0][1]}.",
            "Give each page an id of its own.",
        )
    return None


def new_id(docname: str, taken: Collection[str]) -> str:
    """Return a page id made of the name of a document, that no other page has."""
    words = docname.removesuffix("/index")
    base = re.sub(r"[^A-Za-z0-9_]+", "-", words).strip("-_") or "page"
    number, unique = 1, base
    while unique in taken or unique in _RESERVED:
        number += 1
        unique = f"{base}-{number}"
    return unique
