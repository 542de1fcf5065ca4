"""Adds the dashboard's style sheets and scripts to the site, in a folder named by a hash of all of them.

So browsers and CloudFront cache them for good: changed files have other addresses. The dashboard's templates,
which run in Lambda, get the hash from the environment of the functions.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

from .assets import FRONTEND

FILES: Final = FRONTEND / "dashboard"
#: The first folder of their keys in the bucket; only the dashboard's distribution serves it.
FOLDER: Final = "dashboard-static"
_LENGTH: Final = 16


def hash_of_files(files: Path = FILES) -> str:
    """Return a hash of the names and contents of the dashboard's files."""
    found = hashlib.sha256()
    for path in _below(files):
        found.update(f"{path.relative_to(files).as_posix()}\0".encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:_LENGTH]


def copy_files(site: Path, files: Path = FILES) -> None:
    """Copy the dashboard's files into a built site."""
    place = site / FOLDER / hash_of_files(files)
    for path in _below(files):
        copy = place / path.relative_to(files)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _below(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.name.startswith("."))
