"""Lists the items of a bank, and which studies take them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.study.pages.compiled import CompiledItem, Problem
from chalicelib.study.pages.shared_banks import BANKS_FILE, SharedBank, shared_banks
from infra.pages.banks.bank_pages import compile_bank

#: Folders that contain no studies of people.
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "runs", "data"})


@dataclass(frozen=True, slots=True)
class ItemOfBank:
    """An item of a bank."""

    name: str
    kind: str
    prompt: str
    version: str
    #: The file that defines it, in the bank's folder.
    file: str
    #: The studies that take it, as paths.
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BankListing:
    """A bank with all its items."""

    items: tuple[ItemOfBank, ...]
    #: What is wrong in the bank's files.
    problems: tuple[Problem, ...]
    #: What is wrong in the `items/banks.toml` of studies: a bank that isn't there could be this one.
    of_studies: tuple[str, ...]


def list_bank(folder: Path, studies: Path) -> BankListing:
    """Return the items of a bank's folder, and the studies below another folder that take them.

    Raises BadRequest for a folder that has no items.
    """
    problems: list[Problem] = []
    pages = compile_bank(folder, problems)
    if not pages and not problems:
        raise BadRequest(f"{folder} has no files items/*.md; name the folder of an item bank.")
    users, of_studies = _users(folder, studies)
    items = tuple(
        ItemOfBank(item.name, item.kind, item.prompt, item.version, page.file, _taking(item, users))
        for page in pages
        for item in page.items
    )
    return BankListing(items, tuple(problems), of_studies)


def _users(folder: Path, studies: Path) -> tuple[dict[str, SharedBank], tuple[str, ...]]:
    """Return how studies name a bank, by the path of the study, and what is wrong with studies."""
    users: dict[str, SharedBank] = {}
    wrong: list[str] = []
    for study in _studies_below(studies):
        problems: list[Problem] = []
        told = study.relative_to(studies).as_posix()
        for bank in shared_banks(study, problems):
            if bank.folder.resolve() == folder.resolve():
                users[told] = bank
        wrong += [f"{told}/{problem}" for problem in problems]
    return users, tuple(wrong)


def _studies_below(folder: Path) -> Iterator[Path]:
    for root, folders, _ in os.walk(folder):
        folders[:] = sorted(one for one in folders if _may_have_studies(Path(root) / one))
        if (Path(root) / BANKS_FILE).is_file():
            yield Path(root)


def _may_have_studies(folder: Path) -> bool:
    is_hidden = folder.name.startswith(".") or folder.name in _LEFT_OUT
    return not is_hidden and not (folder / "pyvenv.cfg").exists()


def _taking(item: CompiledItem, users: dict[str, SharedBank]) -> tuple[str, ...]:
    return tuple(study for study, bank in users.items() if bank.only is None or item.name in bank.only)
