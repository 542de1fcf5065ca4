"""Compiles the files of item banks, of which the items count."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from chalicelib.experiment.config.problems import closest_match
from chalicelib.study.pages.compiled import CompiledPage, Problem
from chalicelib.study.pages.shared_banks import BANKS_FILE, SharedBank, shared_banks
from infra.pages.author_problem import read_source
from infra.pages.page_compiler import PageSource, compile_page


def compile_banks(folder: Path, own: Sequence[Path], problems: list[Problem]) -> Iterator[CompiledPage]:
    """Compile a study's own bank, `own`, and those that it shares; what is wrong is added to `problems`."""
    for path in own:
        page = _compiled(path, path.relative_to(folder).as_posix(), problems)
        if page is not None:
            yield page
    for bank in shared_banks(folder, problems):
        yield from _taken(folder, bank, problems)


def compile_bank(folder: Path, problems: list[Problem]) -> list[CompiledPage]:
    """Compile the files of a bank's own folder, outside of any study."""
    bank = SharedBank(folder.resolve().name, folder)
    files = [(path, path.relative_to(folder).as_posix()) for path, _ in bank.files()]
    return [page for path, place in files if (page := _compiled(path, place, problems)) is not None]


def _compiled(path: Path, place: str, problems: list[Problem]) -> CompiledPage | None:
    text = read_source(path, place, problems)
    if text is None:
        return None
    page, page_problems = compile_page(PageSource(path.stem, "", place, text))
    problems += page_problems.found
    return page


def _taken(folder: Path, bank: SharedBank, problems: list[Problem]) -> Iterator[CompiledPage]:
    """Yield the files of a shared bank with the items that the study takes."""
    for path in bank.outside():
        what = "The file is a link to a file outside of its bank."
        problems.append(Problem(_told(folder, path), 1, what, "Copy that file into the bank."))
    pages = []
    for path, place in bank.files():
        found: list[Problem] = []
        page = _compiled(path, place, found)
        # An author corrects the bank's own file, not the copy that is deployed.
        problems += [replace(one, file=_told(folder, path)) for one in found]
        if page is not None:
            pages.append(page)
    problems += _missing(bank, [item.name for page in pages for item in page.items])
    for page in pages:
        items = [replace(item, bank=bank.name) for item in page.items]
        taken = [item for item in items if bank.only is None or item.name in bank.only]
        yield replace(page, items=tuple(taken))


def _missing(bank: SharedBank, names: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each item that the study wants and the bank doesn't have."""
    for name in bank.only or ():
        if name not in names:
            near = closest_match(name, names)
            fix = f"Did you mean {near!r}?" if near else "Remove the name, or correct it."
            yield Problem(BANKS_FILE, bank.line, f"The bank {bank.name} has no item {name!r}.", fix)


def _told(folder: Path, path: Path) -> str:
    """Return the path of a file as a person finds it from the study's folder."""
    return Path(os.path.relpath(path, folder)).as_posix()
