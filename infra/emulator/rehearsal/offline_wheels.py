"""Builds wheels of the packages installed here, so that a deployment can be packaged offline."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def wheels(requirements: Iterable[str], into: Path) -> Path:
    """Write wheels for requirements and their dependencies; return the folder."""
    into.mkdir(parents=True, exist_ok=True)
    pending = [Requirement(line) for line in requirements]
    seen: set[str] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        installed = distribution(name)
        _pack(installed, into)
        pending += [Requirement(line) for line in installed.requires or ()]
    return into


def _pack(installed: Distribution, into: Path) -> None:
    """Zip an installed distribution, without scripts and compiled files."""
    files = {
        str(path): Path(str(path.locate()))
        for path in installed.files or ()
        if not str(path).startswith(("..", "/")) and path.suffix != ".pyc" and path.name != "RECORD"
    }
    folder = next(name for name in files if name.endswith(".dist-info/METADATA")).rpartition("/")[0]
    tag = _tag(installed.read_text("WHEEL") or "Tag: py3-none-any")
    stem = folder.removesuffix(".dist-info")
    record = []
    with ZipFile(into / f"{stem}-{tag}.whl", "w", ZIP_STORED) as wheel:
        for name, path in files.items():
            data = path.read_bytes()
            wheel.writestr(name, data)
            digest = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
        wheel.writestr(f"{folder}/RECORD", "\n".join([*record, f"{folder}/RECORD,,"]) + "\n")


def _tag(described: str) -> str:
    """Return a wheel's tags in the compressed form of a file name."""
    tags = [line[4:].strip().split("-") for line in described.splitlines() if line.startswith("Tag:")]
    return "-".join(".".join(sorted(set(parts))) for parts in zip(*tags, strict=True))
