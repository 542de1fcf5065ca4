"""Maps template names and static addresses to files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .libraries import library_files
from .source import SiteError, SiteSource

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"

#: Default files, which an experiment's own files of the same name replace.
REPLACEABLE = frozenset(
    {
        "css/dallinger.css",
        "scripts/reconnecting-websocket.js",
        "scripts/reqwest.min.js",
        "scripts/spin.min.js",
    }
)
#: Templates that pages extend, which an experiment can't replace without breaking them.
FIXED_TEMPLATES = "base/"


@dataclass(frozen=True)
class Assets:
    """The files of an experiment's site, by the name that pages use."""

    templates: dict[str, Path]
    own_templates: dict[str, Path]
    static: dict[str, Path]


def collect(source: SiteSource) -> Assets:
    """Combine the core's, the experiment's and the extra files; a conflict is reported with both files."""
    core_templates = dict(_files_below(FRONTEND / "templates"))
    core_static = dict(_files_below(FRONTEND / "static"))
    own_templates = own_template_files(source.folder)
    own_static = dict(_files_below(source.folder / "static"))
    problems: list[str] = []
    for place, path in _extra_files(source, problems):
        room, _, name = place.partition("/")
        if room in {"templates", "static"}:
            (own_templates if room == "templates" else own_static)[name] = path
    own_static |= library_files(own_static) | source.assets
    problems += [
        _clash(own_static[name], core_static[name])
        for name in sorted((own_static.keys() & core_static.keys()) - REPLACEABLE)
    ]
    problems += [
        _clash(path, core_templates[name])
        for name, path in sorted(own_templates.items())
        if name.startswith(FIXED_TEMPLATES) and name in core_templates
    ]
    if problems:
        raise SiteError(problems)
    return Assets(core_templates | own_templates, own_templates, core_static | own_static)


def own_template_files(folder: Path) -> dict[str, Path]:
    """Return the templates in an experiment's folder, by name."""
    return {name: path for name, path in _files_below(folder / "templates") if path.suffix == ".html"}


def _files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path


def _extra_files(source: SiteSource, problems: list[str]) -> Iterator[tuple[str, Path]]:
    for origin, destination in source.extra_files:
        path, place = source.folder / origin, PurePosixPath(str(destination).lstrip("/"))
        if ".." in place.parts:
            problems.append(
                f"extra_files puts {origin} at {destination}, outside the experiment: remove the `..`."
            )
        elif path.is_dir():
            yield from ((f"{place}/{name}", each) for name, each in _files_below(path))
        elif path.is_file():
            yield str(place), path
        else:
            problems.append(
                f"extra_files names {origin}, which doesn't exist: correct the path or remove it."
            )


def _clash(own: Path, core: Path) -> str:
    where = core.relative_to(FRONTEND.parent)
    return f"{own} has the name of Petri's own {where}: give it another name, and use that in your pages."
