"""Measures a package: Petri's part, the author's part, and Lambda's limits."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.problems import OperatorProblem

from .pins import petris_own
from .requirements import applies

#: Source: AWS Lambda quotas: a zip that is uploaded directly, and all that it unpacks to.
MOST_ZIPPED, MOST_UNPACKED = 50 * 1024**2, 250 * 1024**2
#: The limit for Petri's own part, zipped.
PETRI_BUDGET = 8_000_000
_MEGABYTE = 1_000_000
_NAMED = 3
PETRI, EXPERIMENT = "petri", "the experiment"
_OF_PETRI = {
    "app": PETRI,
    "chalicelib": PETRI,
    "petri": PETRI,
    "chalice": "chalice",
    # Packages whose wheels don't list their modules.
    "argon2": "argon2-cffi",
    "_argon2_cffi_bindings": "argon2-cffi-bindings",
}
_AUTHORS = {"petri_experiment": EXPERIMENT}


@dataclass(frozen=True)
class SizePart:
    """One package within the package."""

    name: str
    zipped: int
    unpacked: int
    #: whether it comes with Petri; otherwise with the experiment
    is_petris: bool


@dataclass(frozen=True)
class Sizes:
    """The sizes of a deployment package."""

    #: bytes of the whole zip
    zipped: int
    parts: tuple[SizePart, ...]

    @property
    def unpacked(self) -> int:
        return sum(part.unpacked for part in self.parts)

    @property
    def petri(self) -> int:
        """Petri's part, zipped."""
        return sum(part.zipped for part in self.parts if part.is_petris)

    @property
    def experiment(self) -> int:
        """The author's part, zipped."""
        return sum(part.zipped for part in self.parts if not part.is_petris)

    def lines(self) -> list[str]:
        """Return a readable table: the author's part, then Petri's, each sorted by size."""
        groups = (("The experiment", False, self.experiment), ("Petri", True, self.petri))
        lines = [f"{'Package':<32}{'zipped MB':>12}{'unpacked MB':>14}"]
        for title, is_petris, zipped in groups:
            parts = [part for part in self.parts if part.is_petris == is_petris]
            lines.append(_line(title, zipped, sum(part.unpacked for part in parts)))
            lines += [_line(f"  {part.name}", part.zipped, part.unpacked) for part in parts]
        return [*lines, _line("Total", self.zipped, self.unpacked)]

    def check(self) -> None:
        """Raise OperatorProblem, with the largest parts, when the package exceeds Lambda's limits."""
        for weight, most, what in (
            (self.zipped, MOST_ZIPPED, "zipped"),
            (self.unpacked, MOST_UNPACKED, "unpacked"),
        ):
            if weight > most:
                largest = ", ".join(
                    f"{part.name} ({getattr(part, what) / _MEGABYTE:.0f} MB)"
                    for part in sorted(self.parts, key=lambda part: -getattr(part, what))[:_NAMED]
                )
                raise OperatorProblem(
                    f"The package is {weight / _MEGABYTE:.0f} MB {what}; Lambda allows "
                    f"{most / _MEGABYTE:.0f}. The largest: {largest}. Remove a package, or leave files to "
                    "the site: of static/, only text, data and the files of `lambda_files` are packaged."
                )


def _line(name: str, zipped: int, unpacked: int) -> str:
    return f"{name:<32}{zipped / _MEGABYTE:>12.2f}{unpacked / _MEGABYTE:>14.2f}"


def sizes_of(package: Path) -> Sizes:
    """Measure a deployment package."""
    with zipfile.ZipFile(package) as archive:
        owners, petris = _owners(archive)
        found: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
        for entry in archive.infolist():
            name = _owner(entry.filename, owners)
            weights = found[name, name in petris]
            weights[0] += entry.compress_size
            weights[1] += entry.file_size
    parts = [SizePart(name, zipped, full, is_petris) for (name, is_petris), (zipped, full) in found.items()]
    return Sizes(package.stat().st_size, tuple(sorted(parts, key=lambda part: (-part.zipped, part.name))))


def versions_in(package: Path) -> dict[str, str]:
    """Return the packages inside a deployment package: names, as PyPI spells them, and versions."""
    with zipfile.ZipFile(package) as archive:
        entries = [name for name in archive.namelist() if name.endswith("-info/METADATA")]
        packages = [_metadata(archive, entry) for entry in entries]
    return dict(sorted((canonicalize_name(name), version) for name, version, _ in packages))


def _owners(archive: zipfile.ZipFile) -> tuple[dict[str, str], set[str]]:
    """Return the package of each top-level path, and the packages that come with Petri."""
    owners: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    for entry in archive.namelist():
        if entry.endswith(".dist-info/METADATA"):
            name, _, requires = _metadata(archive, entry)
            needs[name := canonicalize_name(name)] = requires
            owners[entry.partition("/")[0]] = name
            listed = entry.replace("METADATA", "top_level.txt")
            tops = archive.read(listed).decode().split() if listed in archive.namelist() else []
            owners.update(dict.fromkeys([*tops, name.replace("-", "_")], name))
    return {**owners, **_OF_PETRI, **_AUTHORS}, {*_OF_PETRI.values(), *_closure(needs)}


def _closure(needs: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting: list[str] = petris_own()
    while waiting:
        name = canonicalize_name(Requirement(waiting.pop()).name)
        if name in needs and name not in found:
            found.add(name)
            waiting += needs[name]
    return found


def _metadata(archive: zipfile.ZipFile, entry: str) -> tuple[str, str, list[str]]:
    fields = HeaderParser().parsestr(archive.read(entry).decode())
    needs: Iterable[str] = fields.get_all("Requires-Dist") or []
    return (
        str(fields["Name"]),
        str(fields["Version"]),
        [each for each in needs if applies(Requirement(each).marker)],
    )


def _owner(place: str, owners: dict[str, str]) -> str:
    """Return the package of a file: by its top-level folder, or by its name at the top level."""
    top = place.removeprefix("__pycache__/").partition("/")[0]
    if top in owners:
        return owners[top]
    stem = top.partition(".")[0]
    return owners.get(stem, stem)
