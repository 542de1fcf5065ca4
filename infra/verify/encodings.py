"""Checks that the author's text files are UTF-8, the encoding in which pages, code and pip read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.experiment.text_files import TEXT_SUFFIXES, NotUTF8Error, find_encoding_problem

from .findings import Finding, error, warning

#: Files that deploying always reads.
_NEEDED = ("requirements.txt", "constraints.txt", "dev-requirements.txt")
#: Reported by the checks that read them: settings, pages, code.
_REPORTED_ELSEWHERE = ("config.txt",)


def not_utf8(folder: Path, files: Iterable[Path]) -> Iterator[Finding]:
    """Find text files in another encoding: errors for files that Petri reads, else warnings."""
    for path in files:
        place = path.relative_to(folder)
        if path.suffix.lower() not in TEXT_SUFFIXES or _is_reported_elsewhere(place):
            continue
        found = find_encoding_problem(path.read_bytes())
        if found is None:
            continue
        unreadable = NotUTF8Error(place, *found)
        make = error if str(place) in _NEEDED else warning
        yield make(f"{place}, line {unreadable.line}", f"{unreadable.what}.", _sentence(unreadable.fix))


def _is_reported_elsewhere(place: Path) -> bool:
    is_page = place.parts[0] == "templates" and place.suffix == ".html"
    return str(place) in _REPORTED_ELSEWHERE or is_page or place.suffix == ".py"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
