"""Checks of a folder's files: what must be there, what must not, and how much there may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from .findings import Finding, error

#: what a new version of an experiment can be uploaded with in one go
LIMIT_MB = 50
_MEGABYTE = 1_000_000
_NAMED = 5

#: Petri brings these itself; an author's file of the same name would never be shown
FORBIDDEN = {
    "complete.html": "the page that ends a run in debug mode",
    "error_dallinger.html": "the page that is shown when something goes wrong",
    "launch.html": "the page that says that the experiment has started",
    "waiting.html": "the waiting room",
    "robots.txt": "the file that keeps search engines away",
    "dallinger2.js": "the library with which pages speak to the server",
    "reqwest.min.js": "a library of the old pages",
    "dallinger.css": "the style of the base pages",
}


def required(folder: Path) -> Iterator[Finding]:
    """Find which of the three files that every experiment has are missing."""
    if not (folder / "experiment.py").is_file():
        yield error("experiment.py", "is missing.", "It holds your Experiment class; `petri new` writes one.")
    if not (folder / "config.txt").is_file():
        yield error("config.txt", "is missing.", "It holds the settings; a line [Experiment] is enough.")
    names = {path.name.lower() for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    if not names & {"readme.md", "readme.txt"}:
        yield error("README.md", "is missing.", "Describe in it what the experiment is (README.txt will do).")


def forbidden(folder: Path, files: Iterable[Path]) -> Iterator[Finding]:
    """Find files that Petri would put its own in place of."""
    for path in files:
        place = path.relative_to(folder)
        if place.parts[:2] == ("templates", "base"):
            yield error(str(place), "is where Petri's base pages are.", "Move it to templates/.")
        elif path.name in FORBIDDEN and place.parts[0] in {"templates", "static", path.name}:
            yield error(str(place), f"has the name of {FORBIDDEN[path.name]}.", "Rename or remove it.")


def too_large(folder: Path, files: Iterable[Path], limit_mb: int = LIMIT_MB) -> Iterator[Finding]:
    """Find out whether the folder is larger than can be uploaded, and name its largest files."""
    sizes = sorted(((path.stat().st_size, path) for path in files), reverse=True)
    total = sum(size for size, _ in sizes)
    if total <= limit_mb * _MEGABYTE:
        return
    largest = ", ".join(
        f"{_named(folder, path)} ({size / _MEGABYTE:.1f} MB)" for size, path in sizes[:_NAMED]
    )
    yield error(
        str(folder.name),
        f"holds {total / _MEGABYTE:.1f} MB; at most {limit_mb} MB can be deployed.",
        f"Name in .gitignore what participants don't need. The largest: {largest}",
    )


def _named(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
