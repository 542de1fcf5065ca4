"""Finds the item banks that a study shares with others: folders outside of it that `items/banks.toml` names.

A staged folder and an archive contain a copy of each bank in `banks/<name>/`, so they need nothing from
outside, and their hash is the same as that of the study's own folder with its banks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chalicelib.experiment.config.problems import closest_match
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.version import MARK

from .compiled import Problem

#: The file that names the banks, in the study's folder.
BANKS_FILE: Final = "items/banks.toml"
#: Where staged and archived folders contain the banks.
BUNDLED: Final = "banks"
_ITEMS: Final = "items"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_KEYS: Final = ("folder", "items")
_EXAMPLE: Final = 'Write [geography] and folder = "../banks/geography".'

#: What is wrong, and what to do, as sentences.
_Wrong = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SharedBank:
    """A bank from which a study takes items."""

    name: str
    #: The bank's folder on this machine.
    folder: Path
    #: The names of the items that the study takes; None takes all.
    only: tuple[str, ...] | None = None
    #: The line of BANKS_FILE that names it, from 1.
    line: int = 1

    @property
    def place(self) -> str:
        """The path of the bank in a staged folder."""
        return f"{BUNDLED}/{self.name}"

    def files(self) -> list[tuple[Path, str]]:
        """Return the bank's files of items, sorted, each with its path in a staged folder.

        Links that lead out of the bank are left out; `outside` names them.
        """
        return [(path, self._placed(path)) for path in self._found() if self._is_inside(path)]

    def outside(self) -> list[Path]:
        """Return the files of items that are links to files outside of the bank."""
        return [path for path in self._found() if not self._is_inside(path)]

    def _found(self) -> list[Path]:
        return [
            path
            for path in sorted((self.folder / _ITEMS).rglob("*.md"))
            if path.is_file()
            and not any(part.startswith(("_", ".")) for part in path.relative_to(self.folder).parts)
        ]

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.folder.resolve())

    def _placed(self, path: Path) -> str:
        return f"{self.place}/{path.relative_to(self.folder).as_posix()}"


def shared_banks(folder: Path, problems: list[Problem] | None = None) -> list[SharedBank]:
    """Return the banks of a study's folder that can be read, by name.

    What is wrong is added to `problems`.
    """
    found: list[Problem] = []
    text = _text(folder, found)
    banks = [] if text is None else list(_banks(folder, text, found))
    if problems is not None:
        problems += found
    return sorted(banks, key=lambda bank: bank.name)


def bank_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the files of a study's shared banks, each with its path in a staged folder."""
    return [found for bank in shared_banks(folder) for found in bank.files()]


def _text(folder: Path, problems: list[Problem]) -> str | None:
    path = folder / BANKS_FILE
    if not path.is_file():
        return None
    try:
        return read_text(path)
    except NotUTF8Error as error:
        problems.append(
            Problem(BANKS_FILE, error.line, f"{error.what[:1].upper()}{error.what[1:]}.", error.fix)
        )
    except OSError as error:
        problems.append(
            Problem(BANKS_FILE, 1, f"The file can't be read: {error.strerror}.", "Check the file.")
        )
    return None


def _banks(folder: Path, text: str, problems: list[Problem]) -> Iterator[SharedBank]:
    # Lazy import: most studies share no bank.
    import tomllib

    try:
        declared = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(BANKS_FILE, 1, f"The file isn't valid TOML: {error}.", _EXAMPLE))
        return
    for name, settings in declared.items():
        line = _line_of(text, name)
        wrong = list(_wrong_settings(name, settings)) or list(_wrong_folder(folder, name, settings))[:1]
        problems += [Problem(BANKS_FILE, line, what, fix) for what, fix in wrong]
        if wrong:
            continue
        only = settings.get("items")
        yield SharedBank(name, _place_of(folder, name, settings), None if only is None else tuple(only), line)


def _line_of(text: str, name: str) -> int:
    pattern = re.compile(rf"""\s*(\[\s*)?["']?{re.escape(name)}["']?\s*[\]=.]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _place_of(folder: Path, name: str, settings: Mapping[str, Any]) -> Path:
    if (folder / MARK).is_file():
        return folder / BUNDLED / name
    return Path(os.path.normpath(folder / settings["folder"]))


def _wrong_settings(name: str, settings: Any) -> Iterator[_Wrong]:
    """Yield what is wrong with the table of a bank, and what to do."""
    if not _NAME.fullmatch(name):
        yield f"{name!r} can't be the name of a bank.", "Use lower-case letters, digits, _ and -."
    if not isinstance(settings, Mapping):
        yield f"The bank {name} isn't a table.", _EXAMPLE
        return
    for key in settings:
        if key not in _KEYS:
            near = closest_match(key, _KEYS)
            fix = f"Did you mean `{near}`?" if near else f"It can have {' and '.join(_KEYS)}."
            yield f"The bank {name} has no `{key}`.", fix
    yield from _wrong_path(name, settings.get("folder"))
    only = settings.get("items", [])
    if not isinstance(only, list) or not all(isinstance(one, str) for one in only):
        yield f"`items` of the bank {name} must be a list of names.", 'Write items = ["capital", "rivers"].'
        return
    for one in sorted({each for each in only if only.count(each) > 1}):
        yield f"`items` of the bank {name} names {one!r} twice.", "Remove one of the two."


def _wrong_path(name: str, place: Any) -> Iterator[_Wrong]:
    if not isinstance(place, str) or not place.strip():
        yield f"The bank {name} needs the path of its folder.", _EXAMPLE
    elif Path(place).is_absolute() or place.startswith("~") or "\\" in place or ":" in place:
        what = f"The path {place!r} of the bank {name} works on this machine only."
        yield what, "Write it relative to the study's folder, with / between folders."


def _wrong_folder(folder: Path, name: str, settings: Mapping[str, Any]) -> Iterator[_Wrong]:
    """Yield what is wrong with the folder of a bank, and what to do."""
    place, is_bundled = _place_of(folder, name, settings), (folder / MARK).is_file()
    if not SharedBank(name, place).files():
        told = f"{BUNDLED}/{name}" if is_bundled else settings["folder"]
        what = "has no files items/*.md" if place.is_dir() else "doesn't exist"
        fix = "Correct `folder`, or copy the bank to that place."
        yield f"The bank {name} can't be found: {told} {what}.", fix
    if is_bundled:
        return
    own, real, bundled = folder.resolve(), place.resolve(), folder / BUNDLED / name
    if own.is_relative_to(real):
        yield f"The bank {name} contains this study.", "Name a folder that has a bank alone."
    if any(real.is_relative_to(own / each) for each in ("items", "pages")):
        yield f"The bank {name} lies in a folder whose files belong to the study already.", "Move it."
    if bundled.exists() and bundled.resolve() != real:
        what = f"The study has a folder {BUNDLED}/{name} of its own, where a copy of the bank is deployed."
        yield what, "Rename the folder or the bank."
    if (place / BANKS_FILE).exists():
        what = f"The bank {name} takes items of other banks itself: it has {BANKS_FILE}."
        yield what, f"Name those banks in the study's {BANKS_FILE}, and remove the bank's."
