"""Imports a book: prepares what would change, and carries it out when the operator agrees."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.study.elements.imported_book import CONTENTS_FILE
from chalicelib.study.pages.compiled import Problem
from chalicelib.study.pages.library import FOLDER
from infra.folder_change import FolderChange, restore_interrupted_change
from infra.pages import compile_folder

from .book_changes import BookChanges, compare
from .book_files import BookFiles, book_files
from .imported_contents import ImportedContents, read_contents, write_contents
from .lost_answers import DataPlaces, LostAnswer, lost_answers
from .page_ids import write_page_ids
from .sphinx_project import SphinxProject, read_project

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_EXPERIMENT: Final = '''"""A study that is a book; `petri import-book` updates its pages and items."""

from petri.study import Study, imported_book


class BookStudy(Study):
    timeline = [imported_book()]
'''
_CONFIG: Final = """[Experiment]
mode = debug
recruiter = hotair
num_participants = 1

[Recruitment]
title = {title}
description = You read a book and answer its questions.
"""
_README: Final = """# {title}

A book with questions, which `petri import-book` has imported and updates. `petri verify` checks this
folder, and `petri debug` opens the book in a browser.
"""


@dataclass
class BookImport:
    """An import that is prepared; nothing has been changed."""

    study: Path
    project: SphinxProject
    made: BookFiles
    changes: BookChanges
    #: the other books of the study, and this one as it was imported last
    books: dict[str, ImportedContents]
    earlier: ImportedContents | None
    lost: list[LostAnswer] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        """Whether anything would be written."""
        return (
            self.earlier != self.made.contents or bool(self.changes.overwritten) or not _has_study(self.study)
        )

    def apply(self, *, write_ids: bool) -> None:
        """Write the study's files and, if asked for, the page ids into the source; each of the two whole."""
        if self.is_needed:
            FolderChange(self.study, self._files(), last=CONTENTS_FILE).apply()
        if write_ids:
            write_page_ids(self.project.folder, self.made.new_ids)

    def _new_study(self) -> dict[str, bytes]:
        """Return the files of a study that is nothing but this book."""
        title = " ".join(self.made.contents.title.split())
        texts = {
            "experiment.py": _EXPERIMENT,
            "config.txt": _CONFIG.format(title=title),
            "README.md": _README.format(title=title),
        }
        return {path: text.encode() for path, text in texts.items()}

    def _files(self) -> dict[str, bytes | None]:
        files: dict[str, bytes | None] = dict(self.made.files)
        old = self.earlier.files if self.earlier is not None else {}
        files |= {path: None for path in old if path not in files}
        if not _has_study(self.study):
            files |= {
                path: text for path, text in self._new_study().items() if not (self.study / path).exists()
            }
        files[CONTENTS_FILE] = write_contents({**self.books, self.made.contents.name: self.made.contents})
        return files


def prepare(source: Path, study: Path, *, name: str = "", data: DataPlaces | None = None) -> BookImport:
    """Read a book and return what importing it would change.

    `name`: tells books of the same study apart; by default the only book of the study, or `book`. `data`:
    where to look for answers that would lose their question, besides the runs in the study's folder. Raises
    BadRequest that lists everything that is wrong with the book.
    """
    source, study = source.resolve(), study.resolve()
    if study.is_relative_to(source):
        raise BadRequest(
            f"{study} is inside the book, so Sphinx would take the study for a part of it. "
            "Give another folder with --into."
        )
    study.mkdir(parents=True, exist_ok=True)
    for folder in (source, study):
        restore_interrupted_change(folder)
    books = read_contents(study)
    name = name or (next(iter(books)) if len(books) == 1 else "book")
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name!r} can't be the name of a book. Use letters, digits, _ and -.")
    earlier = books.get(name)
    with tempfile.TemporaryDirectory(prefix="petri-book-") as output:
        project = read_project(source, Path(output))
        made = book_files(project, name, earlier)
    made.problems += _conflicts(study, made, earlier)
    if made.problems:
        lines = "\n".join(f"- {problem}" for problem in made.problems)
        raise BadRequest(f"The book can't be imported, and nothing was changed. Fix these problems:\n{lines}")
    changes = compare(earlier, made.contents)
    changes.overwritten = list(_changed_by_hand(study, earlier))
    lost = list(lost_answers(study, changes.lost_items, data or DataPlaces(Path.cwd())))
    return BookImport(study, project, made, changes, books, earlier, lost)


def _has_study(study: Path) -> bool:
    return (study / "experiment.py").is_file() or (study / "study.md").is_file()


def _conflicts(study: Path, made: BookFiles, earlier: ImportedContents | None) -> Iterator[Problem]:
    """Yield the pages, items and files of the study that the book would define again."""
    own = set(earlier.files) if earlier is not None else set()
    pages, items = _defined(study, own)
    for _, page in made.contents.pages():
        if page.id in pages:
            what = f"The study has a page {page.id!r} already, in {pages[page.id]}."
            yield Problem(page.source, 1, what, "Give the page of the book another id with petri-page.")
    for page, question in made.contents.questions():
        if question.item in items:
            what = f"The study has an item {question.item!r} already, in {items[question.item]}."
            yield Problem(page.source, 1, what, "Rename one of the two.")
    for path in sorted(set(made.files) - own):
        if not path.startswith(f"{FOLDER}/") and (study / path).exists():
            yield Problem(path, 1, "The study has this file, and no import wrote it.", "Move or rename it.")


def _defined(study: Path, own: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the pages and the items that the study has besides the files `own`, each with its file."""
    compiled = compile_folder(study)
    # A page with a problem isn't compiled, and is there nonetheless.
    pages = {path.stem: path.relative_to(study).as_posix() for path in sorted((study / FOLDER).glob("*.*"))}
    pages |= {page.name: page.file for page in compiled.pages.values()}
    sources = [*compiled.pages.values(), *compiled.bank]
    items = {item.name: page.file for page in sources if page.file not in own for item in page.items}
    return {name: file for name, file in pages.items() if file not in own}, items


def _changed_by_hand(study: Path, earlier: ImportedContents | None) -> Iterator[str]:
    for path, digest in (earlier.files if earlier is not None else {}).items():
        file = study / path
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            yield path
