"""Adds the libraries to a site that its files use: jsPsych, lab.js, SurveyJS.

Petri ships them in `infra/libraries`, each with its licence and versions (`library.json`). A file below
`static` that refers to `/static/vendor/jspsych/...` gets jsPsych with the site, and nothing else does. A
folder with its own `static/vendor/jspsych` keeps that version.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chalicelib.errors import ExperimentError

LIBRARIES: Final = Path(__file__).resolve().parents[1] / "libraries"
_READ: Final = frozenset({".html", ".js", ".mjs", ".css"})


def library_names() -> tuple[str, ...]:
    """Return the names of the libraries that Petri ships."""
    return tuple(sorted(path.name for path in LIBRARIES.iterdir() if path.is_dir()))


def files_of_library(name: str) -> dict[str, Path]:
    """Return a library's files by their names below `static`."""
    return {f"vendor/{name}/{path.name}": path for path in sorted((LIBRARIES / name).iterdir())}


def copy_library(name: str, folder: Path) -> tuple[Path, str]:
    """Copy a library into an experiment's folder; return where it is, and its versions in words.

    An older copy is replaced. Raises ExperimentError when there is no such library or folder.
    """
    if name not in library_names():
        known = ", ".join(library_names())
        raise ExperimentError(f"'{name}' is not a library that Petri has; use one of {known}.")
    if not folder.is_dir():
        raise ExperimentError(f"{folder} is not a folder; give the experiment's folder.")
    place = folder / "static" / "vendor" / name
    place.mkdir(parents=True, exist_ok=True)
    for path in (LIBRARIES / name).iterdir():
        shutil.copyfile(path, place / path.name)
    packages = json.loads((place / "library.json").read_text(encoding="utf-8"))["packages"]
    return place, ", ".join(f"{package} {version}" for package, version in packages.items())


def library_files(static: Mapping[str, Path]) -> dict[str, Path]:
    """Return the files of the libraries that an experiment's static files use and don't have."""
    missing = [name for name in library_names() if not any(_is_of(name, file) for file in static)]
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for name, path in static.items()
        if path.suffix in _READ and not name.startswith("vendor/")
    ]
    used = [name for name in missing if any(re.search(rf"\bvendor/{name}/", text) for text in texts)]
    return {file: path for name in used for file, path in files_of_library(name).items()}


def _is_of(library: str, file: str) -> bool:
    return file.startswith(f"vendor/{library}/")
