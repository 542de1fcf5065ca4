"""Decides where an experiment's files go: into the Lambda functions, onto the site, or nowhere.

- Nowhere: what git ignores, names that begin with a dot, keys and certificates, databases, files of runs and
exports (`runs/`, `data/`), caches, config.txt (it is written again, without secrets).
- Onto the site: `templates/` and `static/`.
- Into the Lambda functions: everything outside those two, and text and data of `static/`, which code may read
too. The setting `lambda_files` names other files that the code reads, such as images.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from chalicelib.study.assets.media_types import MEDIA_ENDINGS
from chalicelib.study.study_library.package_rules import is_secret_file, may_leave

from .author_folder import shipped_files

CONFIG = "config.txt"
#: Read by pip on this machine; they can contain passwords of indexes and repositories.
_OF_PIP = frozenset({"requirements.txt", "constraints.txt", "dev-requirements.txt"})
#: The files of static/ that code can read, besides those of lambda_files.
_DATA = frozenset(
    {
        ".md",
        ".txt",
        ".json",
        ".jsonl",
        ".csv",
        ".tsv",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".xml",
        ".npy",
        ".npz",
    }
)
_OF_PAGES = frozenset({"templates", "static"})


def kept_files(folder: Path) -> list[Path]:
    """Return the files of an experiment that may leave this machine, sorted: no secrets, data or caches.

    They include config.txt, whose secrets must be removed before it is copied.
    """
    return [path for path in shipped_files(folder) if may_leave(_place(folder, path))]


def lambda_files(folder: Path, patterns: Iterable[str] = ()) -> list[Path]:
    """Return the files that the functions need, sorted; `patterns` are those of the setting lambda_files."""
    named = tuple(patterns)
    return [
        path
        for path in shipped_files(folder)
        if not is_secret_file(place := _place(folder, path)) and _is_for_code(place, named)
    ]


def is_for_code(place: str, patterns: Iterable[str] = ()) -> bool:
    """Whether a file at this path in the folder goes into the functions."""
    path = PurePosixPath(place)
    return not is_secret_file(path) and _is_for_code(path, tuple(patterns))


def patterns_of(setting: str) -> tuple[str, ...]:
    """Read the setting lambda_files: patterns, separated by commas."""
    return tuple(part.strip() for part in setting.split(",") if part.strip())


def copy_into(files: Iterable[tuple[Path, str]], target: Path) -> None:
    """Copy files to their paths below a folder, following links."""
    for source, place in files:
        path = target / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)


def files_below(path: Path, place: str) -> Iterator[tuple[Path, str]]:
    """Yield a file, or every file of a folder, with its destination, without secrets and caches."""
    if path.is_file():
        yield path, place
        return
    for each in shipped_files(path):
        if may_leave(inside := _place(path, each), top=False):
            yield each, f"{place}/{inside}"


def _place(folder: Path, path: Path) -> PurePosixPath:
    return PurePosixPath(path.relative_to(folder.resolve()).as_posix())


def _is_for_code(place: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    if str(place) == CONFIG or str(place) in _OF_PIP:
        return False
    if any(place.match(pattern) for pattern in patterns):
        return True
    if not may_leave(place):
        return False
    if place.parts[0] == "assets" and place.suffix.lower() in MEDIA_ENDINGS:
        return False
    return place.parts[0] not in _OF_PAGES or (place.parts[0] == "static" and place.suffix.lower() in _DATA)
