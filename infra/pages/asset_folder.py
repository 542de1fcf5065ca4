"""Reads the folder `assets/` of a study, and its descriptions in `assets/assets.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.errors import BadRequest, InvalidField
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.assets.asset import checked_alt, name_of_file
from chalicelib.study.assets.media_types import MEDIA_ENDINGS, MediaGroup, recognise, require_size
from chalicelib.study.assets.uses import assets_in
from chalicelib.study.pages.compiled import CompiledAsset, Problem
from chalicelib.study.pages.library import ASSETS

from .picture_size import picture_size

#: The file with the alternative texts.
DESCRIPTIONS: Final = "assets.toml"
#: The endings of assets; those that are refused are among them, so that the reason is reported.
ENDINGS: Final = frozenset({*MEDIA_ENDINGS, ".svg", ".bmp", ".tif", ".tiff", ".heic", ".mov"})
#: How much of a file is read to find its type and the size of a picture.
_HEAD: Final = 1 << 18
_KEYS: Final = frozenset({"alt", "decorative"})


def read_assets(folder: Path, problems: list[Problem]) -> Iterator[CompiledAsset]:
    """Yield the assets of a study's folder, by name; what is wrong is added to the problems."""
    described = _descriptions(folder, problems)
    names: set[str] = set()
    for path in asset_files(folder):
        place = path.relative_to(folder).as_posix()
        name = path.relative_to(folder / ASSETS).as_posix()
        try:
            asset = _read(path, name, described.get(name, {}))
        except (InvalidField, BadRequest) as error:
            problems.append(Problem(place, 1, str(error)))
            continue
        except OSError as error:
            what = f"The file can't be read: {error.strerror}."
            problems.append(Problem(place, 1, what, "Check the file."))
            continue
        names.add(name)
        yield asset
    problems += [
        Problem(
            f"{ASSETS}/{DESCRIPTIONS}",
            1,
            f"There is no file {name!r} in {ASSETS}/.",
            "Add the file, or remove its description.",
        )
        for name in sorted(described.keys() - names)
        if not (folder / ASSETS / name).is_file()
    ]


def asset_files(folder: Path) -> list[Path]:
    """Return the pictures, sounds and videos of a folder by their endings, sorted.

    Other files, such as data, and links that lead out of the folder are left out.
    """
    root = (folder / ASSETS).resolve()
    return [
        path
        for path in sorted((folder / ASSETS).rglob("*"))
        if path.is_file()
        and path.resolve().is_relative_to(root)
        and path.suffix.lower() in ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def assets_in_code(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the names of the assets that a folder's Python files show, as text, by file.

    A name that code puts together isn't found.
    """
    found = {}
    for path in _python_files(folder):
        try:
            names = assets_in(read_text(path))
        except (OSError, NotUTF8Error):
            # It is reported where it is loaded.
            continue
        if names:
            found[path.relative_to(folder).as_posix()] = tuple(names)
    return found


def _python_files(folder: Path) -> list[Path]:
    """Return the Python files of a folder and of the packages in it, sorted."""
    packages = [
        path.parent
        for path in sorted(folder.glob("*/__init__.py"))
        if not path.parent.name.startswith(("test", "."))
    ]
    inside = [path for package in packages for path in sorted(package.rglob("*.py"))]
    return [*sorted(folder.glob("*.py")), *inside]


def _read(path: Path, name: str, described: Mapping[str, Any]) -> CompiledAsset:
    if name_of_file(name) != name:
        raise InvalidField(
            "name", f"must be lower case without blanks; rename the file to {name_of_file(name)}"
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    media = recognise(head)
    size = path.stat().st_size
    require_size(size, media.group)
    width, height = picture_size(head) if media.group is MediaGroup.PICTURE else (0, 0)
    alt = checked_alt(str(described.get("alt", "")))
    return CompiledAsset(
        name=name,
        sha256=sha256,
        size=size,
        group=media.group.value,
        ending=media.ending,
        alt=alt,
        is_decorative=bool(described.get("decorative")) and not alt,
        width=width,
        height=height,
    )


def _descriptions(folder: Path, problems: list[Problem]) -> dict[str, Mapping[str, Any]]:
    path, place = folder / ASSETS / DESCRIPTIONS, f"{ASSETS}/{DESCRIPTIONS}"
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(read_text(path))
    except NotUTF8Error as error:
        problems.append(Problem(place, error.line, f"{error.what[:1].upper()}{error.what[1:]}.", error.fix))
        return {}
    except tomllib.TOMLDecodeError as error:
        problems.append(
            Problem(place, 1, f"The file isn't valid TOML: {error}.", 'Write ["a.png"] and alt = "...".')
        )
        return {}
    described: dict[str, Mapping[str, Any]] = {}
    for name, values in found.items():
        if not isinstance(values, Mapping) or not values.keys() <= _KEYS:
            problems.append(
                Problem(
                    place,
                    1,
                    f"The description of {name!r} can have alt and decorative only.",
                    'Write ["faces/happy.png"] with the quotes, and under it alt = "A happy face".',
                )
            )
            continue
        described[name] = values
    return described
