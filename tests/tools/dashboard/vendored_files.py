"""Updates the vendored files of the dashboard, and the table of them (`make vendored`).

The table says for each file from which npm package it is, and its version, licence and SHA-256. A package is
updated to its newest release; `make vendored ONLY=uplot@1.6.32` takes the one that is named.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "frontend" / "dashboard" / "vendor"
TABLE = FOLDER / "README.md"
_HEAD = "| file | npm package | path in it | version | licence | SHA-256 |"


@dataclass(frozen=True, slots=True)
class VendoredFile:
    """One row of the table."""

    file: str
    package: str
    path: str
    version: str
    licence: str
    sha256: str

    def __str__(self) -> str:
        fields = (self.file, self.package, self.path, self.version, self.licence, self.sha256)
        return f"| {' | '.join(fields)} |"


def read_table() -> list[VendoredFile]:
    """Return the rows of the table."""
    rows = TABLE.read_text(encoding="utf-8").partition(_HEAD)[2].strip().splitlines()[1:]
    return [VendoredFile(*(cell.strip() for cell in row.strip("|").split("|"))) for row in rows]


def digest(file: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def update(only: str = "") -> None:
    """Fetch the packages with npm, copy their files, and write the table."""
    rows = read_table()
    wanted = {row.package: row.package for row in rows}
    if only:
        wanted = {only.partition("@")[0]: only}
    for package, release in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            root = _unpacked(release, Path(folder))
            facts = json.loads((root / "package.json").read_text(encoding="utf-8"))
            rows = [_updated(row, root, facts) if row.package == package else row for row in rows]
    text = TABLE.read_text(encoding="utf-8").partition(_HEAD)[0]
    TABLE.write_text("\n".join([text + _HEAD, "|---|---|---|---|---|---|", *map(str, rows)]) + "\n")


def _unpacked(release: str, folder: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", release], cwd=folder, check=True)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "package"


def _updated(row: VendoredFile, root: Path, facts: dict[str, str]) -> VendoredFile:
    file = FOLDER / row.file
    file.write_bytes((root / row.path).read_bytes())
    return replace(row, version=facts["version"], licence=facts["license"], sha256=digest(file))


if __name__ == "__main__":
    update(*sys.argv[1:])
