"""Resolves versions for Lambda's platform with pip where this machine's versions don't run on it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

from chalice.deploy.packager import DependencyBuilder
from chalice.utils import OSUtils
from packaging.utils import canonicalize_name

from .lambda_python import abi, spelled, version
from .pins import closure
from .requirements import Requirements, names_of
from .wheels import runs_in_lambda


def for_lambda(
    constraints: Sequence[str], wanted: Requirements, own: Sequence[str], public: Sequence[str]
) -> list[str]:
    """Return the constraints with versions that run on Lambda, and add a note for each that differs.

    `own`: Petri's requirements, `public`: the experiment's. When pip finds no version or can't be reached,
    nothing changes, and building the package reports the error.
    """
    versions = closure(public)
    settled = names_of(wanted.constraints) | closure(own).keys()
    doubtful = {name for name in versions if name not in settled and not _runs(name)}
    if not doubtful:
        return list(constraints)
    free = [line for line in constraints if line.partition("==")[0] not in doubtful]
    lines = [*wanted.options, *own, *public]
    found = _resolve(lines, constraints) or _resolve(lines, free) or {}
    found = {name: found[name] for name in sorted(doubtful) if name in found}
    wanted.notes += _notes_on(found, versions)
    kept = [line for line in constraints if line.partition("==")[0] not in found]
    return [*kept, *(f"{name}=={version}" for name, version in found.items())]


def _notes_on(found: Mapping[str, str], versions: Mapping[str, str]) -> list[str]:
    return [
        f"{name} {versions[name]}, which is installed here, has no wheel for Lambda; {version} is deployed."
        for name, version in found.items()
        if version != versions[name]
    ]


def _runs(name: str) -> bool:
    return any(map(runs_in_lambda, _wheels_here(name)))


def _wheels_here(name: str) -> list[str]:
    fields = HeaderParser().parsestr(metadata.distribution(name).read_text("WHEEL") or "Tag: py3-none-any")
    return [f"{name}-0-{tag}.whl" for tag in fields.get_all("Tag") or []]


def _resolve(lines: Iterable[str], constraints: Iterable[str]) -> dict[str, str] | None:
    """Let pip resolve the versions for Lambda; None when it fails."""
    platforms = DependencyBuilder(OSUtils())._get_pip_platforms(abi())  # noqa: SLF001
    with tempfile.TemporaryDirectory(prefix="petri-resolving-") as place:
        folder = Path(place)
        (folder / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
        (folder / "constraints.txt").write_text("\n".join(constraints), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
        command += ["--only-binary=:all:", "--implementation", "cp", "--target", str(folder / "none")]
        command += ["--python-version", spelled(version())]
        command += [f"--platform={platform}" for platform in platforms]
        command += ["--report", str(folder / "report"), "-r", "requirements.txt", "-c", "constraints.txt"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - own pip
        if done.returncode:
            return None
        report = json.loads((folder / "report").read_text(encoding="utf-8"))
    return {
        canonicalize_name(each["metadata"]["name"]): str(each["metadata"]["version"])
        for each in report["install"]
    }
