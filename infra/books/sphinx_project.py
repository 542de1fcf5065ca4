"""Runs Sphinx on a project in a process of its own, and returns what it has read."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from chalicelib.errors import BadRequest
from chalicelib.study.pages.compiled import Problem

from .sphinx_files import BOOK_FILE

_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_WARNING: Final = re.compile(
    r"(?P<file>[^\n]+?)(?::(?P<line>\d+|None))?: (?P<level>WARNING|ERROR|CRITICAL|SEVERE): (?P<text>.*)"
)
_TYPE: Final = re.compile(r"\s*\[[\w.]+\]$")
#: Warnings after which a part of the book would be missing.
_MISSING: Final = re.compile(r"unknown (directive|role|interpreted)", re.IGNORECASE)
#: A book of a thousand pages takes less than this.
_SECONDS: Final = 1_800


@dataclass(frozen=True)
class SourceItem:
    """An item directive in a document."""

    kind: str
    #: what follows the kind: a name, or `name: prompt`
    written: str
    label: str
    body: str
    body_line: int
    file: str
    line: int


@dataclass(frozen=True)
class SourceFeedback:
    """A feedback directive in a document."""

    item: str
    answer: str
    text: str
    file: str
    line: int


@dataclass(frozen=True)
class SourceDocument:
    """A document of a Sphinx project."""

    docname: str
    #: the path of its file in the project
    source: str
    title: str
    url: str
    body: str
    #: the page ids that it gives, each with its line
    ids: tuple[tuple[str, int], ...]
    script: str
    children: tuple[str, ...]
    items: tuple[SourceItem, ...]
    feedback: tuple[SourceFeedback, ...]


@dataclass(frozen=True)
class SphinxProject:
    """What Sphinx has read."""

    folder: Path
    #: the folder with the pictures and downloads of the pages
    output: Path
    title: str
    root: str
    documents: dict[str, SourceDocument] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_project(folder: Path, output: Path) -> SphinxProject:
    """Read the Sphinx project in a folder; pictures and downloads are put into `output`.

    Raises BadRequest when it isn't a project, Sphinx isn't installed, or it can't build the project.
    """
    folder = folder.resolve()
    if not (folder / "conf.py").is_file():
        raise BadRequest(
            f"{folder} has no conf.py, so it isn't a Sphinx project. Give the folder with its conf.py."
        )
    if importlib.util.find_spec("sphinx") is None:
        raise BadRequest("Sphinx isn't installed. Install it with: pip install 'petri[books]'")
    found = _run(folder, output)
    if "error" in found:
        raise BadRequest(f"Sphinx can't build the book: {found['error']}")
    problems, warnings = _sorted(found["warnings"], folder)
    documents = {each["docname"]: _document(each, folder) for each in found["documents"]}
    return SphinxProject(folder, output, found["title"], found["root"], documents, problems, warnings)


def _run(folder: Path, output: Path) -> dict[str, Any]:
    # -P: the folder in which the command is called is no place to import from.
    command = [sys.executable, "-P", "-m", "infra.books.sphinx_process", str(folder), str(output)]
    try:
        done = subprocess.run(  # noqa: S603 - Petri's own module; the operator named the project
            command,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise BadRequest(
            "Sphinx took longer than 30 minutes. Build the book with Sphinx to see why."
        ) from error
    if done.returncode or not (output / BOOK_FILE).is_file():
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = lines[-1] if lines else f"its process ended with the code {done.returncode}"
        raise BadRequest(f"Sphinx can't build the book: {reason}")
    found: dict[str, Any] = json.loads((output / BOOK_FILE).read_text(encoding="utf-8"))
    return found


def _document(record: dict[str, Any], folder: Path) -> SourceDocument:
    items = tuple(
        SourceItem(
            each["kind"],
            each["item"],
            each["label"],
            each["body"],
            each["body_line"],
            _place(each["file"], folder),
            each["place"],
        )
        for each in record["items"]
    )
    feedback = tuple(
        SourceFeedback(
            each["item"], each["answer"], each["text"], _place(each["file"], folder), each["place"]
        )
        for each in record["feedback"]
    )
    return SourceDocument(
        record["docname"],
        record["source"],
        record["title"],
        record["url"],
        record["body"],
        tuple((str(page_id).strip(), int(line)) for page_id, line in record["ids"]),
        record["script"],
        tuple(record["children"]),
        items,
        feedback,
    )


def _sorted(written: str, folder: Path) -> tuple[list[Problem], list[str]]:
    """Return what must be fixed, and what Sphinx only warns of."""
    problems, warnings = [], []
    for line in _COLOUR.sub("", written).splitlines():
        found = _WARNING.fullmatch(line)
        if found is None:
            # The source that a message is about, on lines of its own.
            continue
        text = _TYPE.sub("", found["text"])
        sentence = text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
        number = int(found["line"]) if (found["line"] or "None") != "None" else 1
        file = _place(found["file"], folder)
        if found["level"] == "WARNING" and not _MISSING.search(text):
            warnings.append(f"{file}, line {number}: {sentence}")
        else:
            problems.append(Problem(file, number, sentence))
    return problems, warnings


def _place(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
