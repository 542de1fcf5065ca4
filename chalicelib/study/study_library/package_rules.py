"""Decides which files of a study's folder may leave the machine: no secrets, data of runs, or caches."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

#: Never part of a package or a deployment.
_SECRET: Final = (
    ".*",
    "*.key",
    "*.pem",
    "*.p12",
    "*.pfx",
    "*.jks",
    "id_rsa*",
    "id_ed25519*",
    "*.env",
    "credentials",
)
_LEFT_BEHIND: Final = ("*.pyc", "*.sqlite", "*.sqlite-*", "*.db", "*-data.zip", "*.egg-info")
_CACHES: Final = frozenset({"__pycache__", "node_modules", "venv", "env", "htmlcov"})
#: At the top of the folder only: files that runs and exports write.
_OUTPUTS: Final = frozenset({"runs", "data", "artifacts", "build", "dist"})


def is_secret_file(place: PurePosixPath) -> bool:
    """Whether a file is one that keeps secrets, by its path in the folder."""
    return any(fnmatch(part.lower(), pattern) for part in place.parts for pattern in _SECRET)


def may_leave(place: PurePosixPath, *, top: bool = True) -> bool:
    """Whether a file may leave the machine, by its path; `top`: the path begins in the study's folder."""
    if is_secret_file(place) or any(fnmatch(place.name.lower(), pattern) for pattern in _LEFT_BEHIND):
        return False
    return not _CACHES.intersection(place.parts) and not (top and place.parts[0] in _OUTPUTS)
