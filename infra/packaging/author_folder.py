"""Lists the files of an author's folder that belong to the experiment: all that git would not ignore."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from chalicelib.experiment.text_files import read_text

#: never part of an experiment, whether or not a .gitignore says so
_NEVER = frozenset({".git", "__pycache__", ".venv", "node_modules", ".DS_Store", "runs"})


def shipped_files(folder: Path) -> list[Path]:
    """Return the experiment's files, sorted, without what a .gitignore in or above the folder leaves out.

    The rules are git's: a nearer .gitignore takes precedence, a later line overrides an earlier one, and
    files in an ignored directory can't be re-included. Raises NotUTF8Error for a .gitignore in another
    encoding: git ignores nothing by it, and secrets could leave this machine.
    """
    folder = folder.resolve()
    specs = {directory: _spec(directory) for directory in _within_repository(folder)}
    return sorted(_walk(folder, specs))


def _walk(folder: Path, specs: dict[Path, GitIgnoreSpec]) -> Iterator[Path]:
    for name, directories, files in os.walk(folder):
        current = Path(name)
        specs.setdefault(current, _spec(current))
        directories[:] = [
            entry for entry in directories if not _ignored(current / entry, specs, is_directory=True)
        ]
        for entry in files:
            path = current / entry
            if path.is_file() and not _ignored(path, specs, is_directory=False):
                yield path


def _ignored(path: Path, specs: dict[Path, GitIgnoreSpec], *, is_directory: bool) -> bool:
    if path.name in _NEVER:
        return True
    for directory in path.parents:
        if directory not in specs:
            return False
        relative = path.relative_to(directory).as_posix()
        verdict = specs[directory].check_file(relative + "/" if is_directory else relative).include
        if verdict is not None:
            return verdict
    return False


def _within_repository(folder: Path) -> list[Path]:
    """Return the directories above the folder whose .gitignore applies: those within its repository."""
    for above, directory in enumerate(folder.parents, start=1):
        if (directory / ".git").exists():
            return list(folder.parents[:above])
    return []


def _spec(directory: Path) -> GitIgnoreSpec:
    try:
        lines = read_text(directory / ".gitignore").splitlines()
    except OSError:
        lines = []
    return GitIgnoreSpec.from_lines(lines)
