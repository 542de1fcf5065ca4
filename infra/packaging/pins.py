"""Pins deployed packages to the versions that are installed on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from infra.problems import OperatorProblem

from .requirements import BROUGHT, applies

_REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"


def petris_own() -> list[str]:
    """Return Petri's own requirements on Lambda, without Chalice, which its own deployer packages."""
    return [line for line in _declared() if canonicalize_name(Requirement(line).name) not in BROUGHT]


def _declared() -> list[str]:
    """Read Petri's requirements from the source tree, or from the installation's metadata."""
    if _REQUIREMENTS.is_file():
        lines = _REQUIREMENTS.read_text(encoding="utf-8").splitlines()
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        needs = metadata.requires("petri") or []
    except metadata.PackageNotFoundError:
        raise OperatorProblem("Petri's installation is incomplete; install it again.") from None
    return [each for each in needs if applies(Requirement(each).marker)]


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Return requirements with their transitive dependencies, as far as installed here: name to version."""
    found: dict[str, str] = {}
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or name in BROUGHT:
            continue
        try:
            installed = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        if not requirement.specifier.contains(installed.version, prereleases=True):
            continue
        found[name] = installed.version
        needs = [Requirement(each) for each in installed.requires or []]
        waiting += [need for need in needs if applies(need.marker, frozenset(requirement.extras))]
    return found


def only_in_lambda(requirements: Iterable[str]) -> list[str]:
    """Return the dependencies that apply on Lambda but not on this machine, which pip here would omit."""
    found = []
    for name in closure(requirements):
        for each in metadata.requires(name) or []:
            need = Requirement(each)
            is_local = need.marker is None or need.marker.evaluate({"extra": ""})
            if applies(need.marker) and not is_local and canonicalize_name(need.name) not in BROUGHT:
                found.append(f"{need.name}{need.specifier}")
    return list(dict.fromkeys(found))


def pins(
    requirements: Iterable[str], constraints: Iterable[str], kept: Mapping[str, str] | None = None
) -> list[str]:
    """Return constraints for each version: the author's, then those of `kept`, or of this machine.

    `kept`: versions of an earlier deployment, which replace this machine's. A local version (`1.0+local`) is
    left to pip.
    """
    parsed = [Requirement(each) for each in requirements]
    named = {canonicalize_name(Requirement(each).name) for each in constraints}
    versions = closure(map(str, parsed)) if kept is None else dict(kept)
    mine = [
        f"{name}=={version}"
        for name, version in sorted(versions.items())
        if name not in named and Version(version).local is None and _allowed(name, version, parsed)
    ]
    return [*constraints, *mine]


def _allowed(name: str, version: str, parsed: Iterable[Requirement]) -> bool:
    return all(
        requirement.specifier.contains(version, prereleases=True)
        for requirement in parsed
        if canonicalize_name(requirement.name) == name
    )
