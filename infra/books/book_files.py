"""Makes the files of a study from a book: its pages, its items, its pictures and its contents."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, unquote

from chalicelib.study.pages.compiled import Problem
from infra.item_bank.bank_item import to_markdown
from infra.pages.page_compiler import PageSource, compile_page

from .book_items import PageItem, PageItems, feedback_of, grader_of, read_items
from .book_order import OrderedPage, ordered_pages
from .imported_contents import ImportedChapter, ImportedContents, ImportedPage, ImportedQuestion
from .safe_html import PageAddresses, safe_html
from .sphinx_project import SphinxProject

#: A page with more pictures and downloads than this, in bytes, is a mistake.
MOST_FILE_BYTES: Final = 50_000_000


@dataclass
class BookFiles:
    """A book as a study has it."""

    contents: ImportedContents
    #: the files of the study, by path
    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    #: pages whose id isn't in their source
    new_ids: list[OrderedPage] = field(default_factory=list)


def book_files(project: SphinxProject, name: str, earlier: ImportedContents | None) -> BookFiles:
    """Return the files of a book; with problems, they aren't whole and must not be written."""
    made = BookFiles(ImportedContents(name, project.title), warnings=list(project.warnings))
    made.problems += project.problems
    pages = ordered_pages(project, earlier, made.problems)
    if not pages:
        made.problems.append(
            Problem(f"{project.root}.rst", 1, "The book has no pages.", "List documents in its toctree.")
        )
    items = {page.document.docname: read_items(page.document, made.problems) for page in pages}
    _check_names(pages, items, made.problems)
    made.new_ids = [page for page in pages if page.is_new_id]
    _warn_of_others(project, pages, made)
    if not made.problems:
        _Writer(project, made, pages, items).write()
    return made


def _check_names(
    pages: Sequence[OrderedPage], items: Mapping[str, PageItems], problems: list[Problem]
) -> None:
    """Report names and labels that two items share."""
    everything = [each for page in pages for each in items[page.document.docname].items]
    _report_doubles("item", [(each.item.name, each) for each in everything], problems)
    _report_doubles("label", [(each.label, each) for each in everything], problems)


def _report_doubles(what: str, named: Sequence[tuple[str, PageItem]], problems: list[Problem]) -> None:
    owners: dict[str, PageItem] = {}
    for name, each in named:
        owner = owners.setdefault(name, each)
        if owner is not each:
            message = f"The {what} {name!r} is also that of {owner.place}."
            problems.append(Problem(each.source.file, each.source.line, message, "Rename one of the two."))


def _warn_of_others(project: SphinxProject, pages: Sequence[OrderedPage], made: BookFiles) -> None:
    taken = {page.document.docname for page in pages} | {project.root}
    for docname, document in project.documents.items():
        if docname not in taken:
            made.warnings.append(f"{document.source} isn't in a toctree of the book, so it wasn't imported.")
    root = project.documents.get(project.root)
    if root is not None and project.root not in {page.document.docname for page in pages} and root.ids:
        made.warnings.append(f"{root.source} has a page id, but no text of its own, so it isn't a page.")


class _Writer:
    """Writes the files of a book without problems."""

    def __init__(
        self,
        project: SphinxProject,
        made: BookFiles,
        pages: Sequence[OrderedPage],
        items: Mapping[str, PageItems],
    ) -> None:
        self._project, self._made, self._pages, self._items = project, made, pages, items
        self._paths = {page.document.docname: f"{page.chapter}/{page.id}" for page in pages}
        self._questions = 0

    def write(self) -> None:
        chapters: dict[str, ImportedChapter] = {}
        for index, page in enumerate(self._pages, start=1):
            written = self._page(page, index)
            chapter = chapters.setdefault(page.chapter, ImportedChapter(page.chapter, page.chapter_title))
            chapters[page.chapter] = replace(chapter, pages=(*chapter.pages, written))
        hashes = {path: hashlib.sha256(content).hexdigest() for path, content in self._made.files.items()}
        self._made.contents = replace(
            self._made.contents, chapters=tuple(chapters.values()), files=dict(sorted(hashes.items()))
        )

    def _page(self, page: OrderedPage, index: int) -> ImportedPage:
        document, items = page.document, self._items[page.document.docname]
        addresses = PageAddresses(_output_page(document.docname), self._paths, self._file)
        with_feedback = [each.item.name for each in items.items if each.item.body.get("feedback")]
        made = safe_html(document.body, addresses, items.placed, with_feedback)
        self._made.warnings += [f"{document.source}: {loss}." for loss in made.losses]
        settings = [f"title: {json.dumps(document.title, ensure_ascii=False)}"]
        if document.script:
            settings.append(f"script: {json.dumps(document.script, ensure_ascii=False)}")
        text = "\n".join(["---", *settings, "---", f'<div class="book-text">\n{made.html}</div>', ""])
        path = f"pages/{page.id}.html"
        self._check(page, path, text)
        self._made.files[path] = text.encode()
        if items.items:
            bank = [each.item for each in items.items]
            self._made.files[f"items/{self._made.contents.name}/{page.id}.md"] = to_markdown(bank).encode()
        questions = tuple(self._question(each) for each in items.items)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return ImportedPage(page.id, document.title, document.url, document.source, index, questions, digest)

    def _question(self, each: PageItem) -> ImportedQuestion:
        self._questions += 1
        points, grader = grader_of(each.item)
        digest = hashlib.sha256(to_markdown([each.item]).encode()).hexdigest()[:16]
        return ImportedQuestion(
            each.item.name,
            each.item.kind,
            each.label,
            self._questions,
            points,
            grader,
            feedback_of(each.item),
            digest,
        )

    def _check(self, page: OrderedPage, path: str, text: str) -> None:
        """Compile a page as the study will; what it says is about the document."""
        _, found = compile_page(PageSource(page.id, "", path, text))
        self._made.problems += [
            Problem(page.document.source, 1, f"{path}, line {one.line}: {one.message}", one.fix)
            for one in found.found
        ]

    def _file(self, path: str) -> str | None:
        """Take over a picture or download, and return its address in the study."""
        place = PurePosixPath(unquote(path))
        file = self._project.output / place
        if not place.parts or place.parts[0] not in ("_images", "_downloads") or not file.is_file():
            return None
        if not file.resolve().is_relative_to(self._project.output.resolve()):
            return None
        if file.stat().st_size > MOST_FILE_BYTES:
            self._made.warnings.append(f"{place.name} was left out: it is larger than 50 MB.")
            return None
        folder = [part[:8] for part in place.parts[1:-1]]
        target = "/".join(["static", "books", self._made.contents.name, *folder, place.name])
        self._made.files[target] = file.read_bytes()
        return f"/{quote(target)}"


def _output_page(docname: str) -> str:
    return f"{docname}.html"
