"""Compiles all pages of an experiment's folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chalicelib.study.pages.compiled import CompiledPage, CompiledPages, Problem, StudyFile
from chalicelib.study.pages.library import FOLDER, STUDY_FILE, item_sources, page_sources, sources_hash
from infra.folder_change import restore_interrupted_change

from .asset_folder import assets_in_code, read_assets
from .author_problem import read_source
from .banks import compile_banks
from .directives import keys_of
from .page_compiler import PageSource, compile_page
from .page_settings import is_language
from .study_file import compile_study

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

_Pages = dict[tuple[str, str], CompiledPage]


def compile_folder(folder: Path) -> CompiledPages:
    """Compile `study.md`, `pages/*.md`, `pages/*.html`, their translations, `items/*.md` and `assets/`.

    Shared banks, which `items/banks.toml` names, are compiled too.

    Never raises for what an author wrote: the problems name file and line, and pages without a problem are
    compiled although others have some.
    """
    restore_interrupted_change(folder)
    problems: list[Problem] = []
    pages: _Pages = {}
    sources = page_sources(folder)
    banked = item_sources(folder)
    study = _study(folder, pages, problems)
    files: dict[tuple[str, str], str] = dict.fromkeys(pages, STUDY_FILE)
    for path in sources:
        if path == folder / STUDY_FILE or path in banked:
            continue
        place = path.relative_to(folder).as_posix()
        language = "" if path.parent == folder / FOLDER else path.parent.name
        problem = _misplaced(place, path, language) or _second(place, files.get((language, path.stem)))
        if problem:
            problems.append(problem)
            continue
        files[language, path.stem] = place
        text = read_source(path, place, problems)
        if text is None:
            continue
        page, page_problems = compile_page(PageSource(path.stem, language, place, text))
        problems += page_problems.found
        if page is not None:
            pages[language, path.stem] = page
    problems += _untranslated(pages, files)
    bank = tuple(compile_banks(folder, banked, problems))
    assets = MappingProxyType({asset.name: asset for asset in read_assets(folder, problems)})
    found_pages = MappingProxyType(dict(sorted(pages.items())))
    shown = MappingProxyType(assets_in_code(folder))
    return CompiledPages(found_pages, study, tuple(problems), _hash(folder, sources), bank, assets, shown)


def _hash(folder: Path, sources: list[Path]) -> str:
    """Return the hash of the sources; empty if one can't be read, which is a problem of its own."""
    try:
        return sources_hash(folder, sources)
    except OSError:
        return ""


def _study(folder: Path, pages: _Pages, problems: list[Problem]) -> StudyFile | None:
    path = folder / STUDY_FILE
    text = read_source(path, STUDY_FILE, problems) if path.is_file() else None
    if text is None:
        return None
    compiled = compile_study(text)
    problems += compiled.problems.found
    pages.update({(page.language, page.name): page for page in compiled.pages})
    return compiled.study


def _misplaced(place: str, path: Path, language: str) -> Problem | None:
    if place.count("/") > (2 if language else 1) or (language and not is_language(language)):
        return Problem(
            place,
            1,
            f"The folder {path.parent.name} isn't a language.",
            f"Put the page into {FOLDER}/, and a translation into {FOLDER}/de/ or another language's folder.",
        )
    if not _NAME.fullmatch(path.stem):
        return Problem(
            place,
            1,
            f"{path.stem!r} can't be the name of a page.",
            "Use letters, digits, _ and -, without blanks.",
        )
    return None


def _second(place: str, other: str | None) -> Problem | None:
    if other is None:
        return None
    return Problem(place, 1, f"{other} defines the same page.", "Remove or rename one of the two.")


def _untranslated(pages: _Pages, files: dict[tuple[str, str], str]) -> Iterator[Problem]:
    """Yield where a translation doesn't ask for what the page asks for."""
    for (language, name), page in sorted(pages.items()):
        if not language:
            continue
        original = pages.get(("", name))
        if original is None:
            if ("", name) not in files:
                yield Problem(
                    page.file, 1, f"There is no page {name} to translate.", f"Write {FOLDER}/{name}.md."
                )
            continue
        for line, message in _differences(original, page):
            yield Problem(page.file, line, message, f"Ask for the same items as {original.file}.")


def _differences(original: CompiledPage, page: CompiledPage) -> Iterator[tuple[int, str]]:
    theirs, own = ({item.name: item for item in each.items} for each in (original, page))
    for name in dict.fromkeys((*original.asks, *theirs, *page.asks, *own)):
        if name not in own and name not in page.asks:
            yield 1, f"The translation lacks the item {name!r}."
        elif name not in theirs and name not in original.asks:
            yield own[name].line if name in own else 1, f"The page has no item {name!r}."
        elif name in own and name in theirs:
            if own[name].kind != theirs[name].kind:
                yield own[name].line, f"The item {name!r} is a {theirs[name].kind}, not a {own[name].kind}."
            elif keys_of(own[name].body) != keys_of(theirs[name].body):
                yield own[name].line, f"The keys of the item {name!r} differ; keys are never translated."
