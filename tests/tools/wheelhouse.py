"""Builds wheels of the installed packages, for pip without network: `with offline_pip(folder): ...`."""

from __future__ import annotations

import fcntl
import itertools
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.packaging.pins import closure, petris_own

_CACHES = "__pycache__"


@contextmanager
def offline_pip(folder: Path, more: Iterable[str] = ()) -> Iterator[Path]:
    """Let pip install the Lambda functions' packages, and `more`, only from wheels in `folder`.

    Processes can share the folder, and it can be reused: existing wheels aren't built again.
    """
    wheelhouse(folder, more)
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    before = {name: os.environ.get(name) for name in (*environment, "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")}
    os.environ.update(environment)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        os.environ.pop(name, None)
    try:
        yield folder
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def wheelhouse(folder: Path, more: Iterable[str] = ()) -> None:
    """Build wheels of the installed packages that Lambda functions need, and of `more`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in closure([*petris_own(), *more]):
            _wheel_of(metadata.distribution(name), folder)


def wheels_for_here(folder: Path, requirements: Iterable[str]) -> None:
    """Build wheels of installed packages and their dependencies, with Chalice, without Petri."""
    pending, seen = [Requirement(each) for each in requirements], set()
    while pending:
        requirement = pending.pop()
        extras = requirement.extras or {""}
        new = {(canonicalize_name(requirement.name), extra) for extra in extras} - seen
        if not new:
            continue
        seen |= new
        installed = metadata.distribution(requirement.name)
        if canonicalize_name(requirement.name) != "petri":
            _wheel_of(installed, folder)
        pending += [
            need
            for need in map(Requirement, installed.requires or ())
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""})
        ]


def _wheel_of(installed: metadata.Distribution, folder: Path) -> None:
    name = installed.metadata["Name"].replace("-", "_").replace(".", "_")
    target = folder / f"{name}-{installed.version}-{_tags(installed)}.whl"
    if target.exists():
        return
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as wheel:
        for file in installed.files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and _CACHES not in file.parts and path.is_file():
                wheel.write(path, file.as_posix())
    partial.replace(target)


def _tags(installed: metadata.Distribution) -> str:
    wheel_metadata = HeaderParser().parsestr(installed.read_text("WHEEL") or "")
    triples = [tag.split("-") for tag in wheel_metadata.get_all("Tag") or ["py3-none-any"]]
    columns = [list(dict.fromkeys(column)) for column in zip(*triples, strict=True)]
    whole = set(itertools.product(*columns)) == {tuple(triple) for triple in triples}
    return "-".join(".".join(column) for column in columns) if whole else "-".join(triples[0])
