"""Checks a folder's files: required files, forbidden names, and the total size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.study.pages.library import STUDY_FILE

from .findings import Finding, error

#: the maximum size for one upload
LIMIT_MB = 50
_MEGABYTE = 1_000_000
_NAMED = 5

#: Petri provides these itself; an author's file of the same name would never be served
FORBIDDEN = {
    "complete.html": "the page that ends a run in debug mode",
    "error_dallinger.html": "the error page",
    "launch.html": "the page shown after the launch",
    "waiting.html": "the waiting room",
    "robots.txt": "the file that excludes search engines",
    "dallinger2.js": "the library through which pages call the server",
    "reqwest.min.js": "a library of the old pages",
    "dallinger.css": "the stylesheet of the base pages",
}


def required(folder: Path) -> Iterator[Finding]:
    """Find which of the three required files are missing."""
    if not (folder / "experiment.py").is_file() and not (folder / STUDY_FILE).is_file():
        yield error(
            "experiment.py",
            "is missing.",
            "Add one with your Experiment class, or a study.md; `petri new` creates an example.",
        )
    if not (folder / "config.txt").is_file():
        yield error("config.txt", "is missing.", "Add one for the settings; a line [Experiment] is enough.")
    names = {path.name.lower() for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    if not names & {"readme.md", "readme.txt"}:
        yield error(
            "README.md", "is missing.", "Add one that describes the experiment (README.txt is also accepted)."
        )


def forbidden(folder: Path, files: Iterable[Path]) -> Iterator[Finding]:
    """Find files that Petri's own files would replace."""
    for path in files:
        place = path.relative_to(folder)
        if place.parts[:2] == ("templates", "base"):
            yield error(str(place), "is in the folder of Petri's base pages.", "Move it to templates/.")
        elif path.name in FORBIDDEN and place.parts[0] in {"templates", "static", path.name}:
            yield error(
                str(place), f"has a reserved name, that of {FORBIDDEN[path.name]}.", "Rename or remove it."
            )


def too_large(folder: Path, files: Iterable[Path], limit_mb: int = LIMIT_MB) -> Iterator[Finding]:
    """Check the folder's total size; the finding names its largest files."""
    sizes = sorted(((path.stat().st_size, path) for path in files), reverse=True)
    total = sum(size for size, _ in sizes)
    if total <= limit_mb * _MEGABYTE:
        return
    largest = ", ".join(
        f"{_named(folder, path)} ({size / _MEGABYTE:.1f} MB)" for size, path in sizes[:_NAMED]
    )
    yield error(
        str(folder.name),
        f"contains {total / _MEGABYTE:.1f} MB; at most {limit_mb} MB can be deployed.",
        f"List files that participants don't need in .gitignore. The largest files: {largest}",
    )


def _named(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
