"""Parses an author's requirements: public packages for pip, and private ones that are built here.

Public packages go into the staged requirements.txt, from which Chalice builds. Packages from a repository,
folder, file or URL are built into wheels on this machine, so that neither the URL nor its password leaves it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from chalicelib.experiment.text_files import NotUTF8Error, read_text
from infra.problems import OperatorProblem

from .lambda_python import spelled, version

REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"
#: The packages that only sign-in needs, by the setting that asks for them; the extra `sign-in` has the same.
SIGN_IN_PACKAGES: Final[Mapping[str, str]] = {
    "oidc_providers": "joserfc>=1.6,<2",
    "passkeys": "webauthn>=3,<4",
    "lab_sign_in": "joserfc>=1.6,<2",
    "is_lab": "joserfc>=1.6,<2",
    "lti_platforms": "joserfc>=1.6,<2",
}
#: Petri is included anyway, Chalice's deployer packages Chalice, and Petri replaces Dallinger.
BROUGHT = {"petri": "", "chalice": "", "dallinger": "dallinger is left out: Petri replaces it."}
_COMMENT = re.compile(r"(^|\s+)#.*$")
_PER_LINE = re.compile(r"\s+--(hash|config-settings|global-option)[=\s]\S+")
_OPTION = re.compile(r"(--?[a-zA-Z-]+)(?:\s*=\s*|\s+|$)(.*)")
_NESTED, _CONSTRAINING, _EDITABLE = {"-r", "--requirement"}, {"-c", "--constraint"}, {"-e", "--editable"}
_INDEX_OPTIONS = {
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--no-index",
    "--pre",
    "--prefer-binary",
    "--trusted-host",
}
#: `git@` is the user of every ssh URL of a repository, not a credential.
_CREDENTIALS = re.compile(r"(?<=://)(?!git@)[^/@\s]+@")
_ADDRESS = re.compile(r"(git|hg|svn|bzr)\+|[a-z][a-z0-9+.-]*://|file:", re.IGNORECASE)
_FILE = re.compile(r"\.(whl|zip|tar\.gz|tar\.bz2)(\[[^]]*])?$", re.IGNORECASE)
_DEEPEST = 10


@dataclass
class Requirements:
    """Parsed requirements."""

    #: for pip: lines without comments
    public: list[str] = field(default_factory=list)
    #: to be built here, as lines for pip; may contain credentials, so they are never written out
    private: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    #: pip's index options
    options: list[str] = field(default_factory=list)
    #: notes for the operator
    notes: list[str] = field(default_factory=list)


def wanted_by(folder: Path) -> Requirements:
    """Read an experiment's requirements.txt and constraints.txt, and the files that they include.

    Raises OperatorProblem with file and line for invalid lines.
    """
    wanted = Requirements()
    for name, constrains in ((REQUIREMENTS, False), (CONSTRAINTS, True)):
        if (folder / name).is_file():
            _read(folder / name, wanted, constrains=constrains)
    for lines in (wanted.public, wanted.private, wanted.constraints, wanted.options, wanted.notes):
        lines[:] = list(dict.fromkeys(lines))
    return wanted


def lambda_environment() -> dict[str, str]:
    """Return the environment of markers such as `sys_platform == "linux"` on Lambda."""
    return {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": spelled(version()),
    }


def applies(marker: Marker | None, extras: frozenset[str] = frozenset()) -> bool:
    """Whether a requirement with this marker applies on Lambda."""
    if marker is None:
        return True
    return any(marker.evaluate({**lambda_environment(), "extra": extra}) for extra in (extras or {""}))


def without_credentials(text: str) -> str:
    """Return text without users and passwords in URLs."""
    return _CREDENTIALS.sub("", text)


def _read(path: Path, wanted: Requirements, *, constrains: bool, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise OperatorProblem(f"{path} includes itself; remove the line `-r {path.name}`.")
    try:
        text = read_text(path)
    except OSError as error:
        raise OperatorProblem(f"{path} can't be read; correct its name.") from error
    except NotUTF8Error as error:
        raise OperatorProblem(str(error)) from error
    for number, line in _lines(text):
        _take(_RequirementLine(path, number, line), wanted, constrains=constrains, depth=depth)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers; those that end in a backslash are joined with the next."""
    begun, kept = 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).strip()
        begun = begun or number
        if line.endswith("\\"):
            kept += line[:-1] + " "
            continue
        if full := (kept + line).strip():
            yield begun, full
        begun, kept = 0, ""
    if kept.strip():
        yield begun, kept.strip()


@dataclass(frozen=True)
class _RequirementLine:
    path: Path
    number: int
    text: str

    def problem(self, what: str) -> OperatorProblem:
        return OperatorProblem(f"{self.path.name}, line {self.number}: {what}")


def _take(line: _RequirementLine, wanted: Requirements, *, constrains: bool, depth: int) -> None:
    if line.text.startswith("-"):
        _take_option(line, wanted, constrains=constrains, depth=depth)
    elif constrains:
        wanted.constraints.append(str(_requirement(line, _PER_LINE.sub("", line.text))))
    else:
        _take_requirement(line, line.text, wanted)


def _take_option(line: _RequirementLine, wanted: Requirements, *, constrains: bool, depth: int) -> None:
    found = _OPTION.fullmatch(line.text)
    name, value = (found.group(1), found.group(2).strip()) if found else (line.text, "")
    if name in _NESTED | _CONSTRAINING:
        _read(
            line.path.parent / value, wanted, constrains=constrains or name in _CONSTRAINING, depth=depth + 1
        )
    elif name in _EDITABLE:
        _take_requirement(line, value, wanted)
    elif name in _INDEX_OPTIONS:
        wanted.options.append(_index_option(line, name, value))
    else:
        raise line.problem(f"{name} has no effect in a deployment; remove it.")


def _index_option(line: _RequirementLine, name: str, value: str) -> str:
    if _CREDENTIALS.search(value) and "${" not in value:
        raise line.problem(
            "this URL contains a password, which would be written into the build folder. Put the index into "
            "pip's own configuration: pip config set global.extra-index-url ADDRESS"
        )
    if name in {"-f", "--find-links"} and not _ADDRESS.match(value):
        value = str((line.path.parent / value).resolve())
    return f"{name} {value}".strip()


def _take_requirement(line: _RequirementLine, text: str, wanted: Requirements) -> None:
    if "--hash" in text:
        wanted.notes.append(f"{line.path.name}: hashes are not checked; versions are kept.")
    text = _PER_LINE.sub("", text).strip()
    if (place := _private_place(text, line.path.parent)) is not None:
        wanted.private.append(place)
        return
    requirement = _requirement(line, text)
    name = canonicalize_name(requirement.name)
    if name in BROUGHT:
        wanted.notes += [BROUGHT[name]] if BROUGHT[name] else []
    elif requirement.url:
        wanted.private.append(text)
    elif applies(requirement.marker):
        wanted.public.append(text)


def _requirement(line: _RequirementLine, text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise line.problem(f"{without_credentials(text)!r} is not a valid requirement.") from error


def _private_place(text: str, base: Path) -> str | None:
    """Return a requirement that is a path or URL, in absolute form; None for one that is a name."""
    path, extras, _ = text.partition("[")
    if _ADDRESS.match(text):
        return text
    is_path = text.startswith((".", "/", "~")) or os.sep in path or _FILE.search(text)
    if not is_path or " @ " in text:
        return None
    found = (base / Path(path).expanduser()).resolve()
    if not found.exists():
        raise OperatorProblem(
            f"requirements name {text}, which doesn't exist; correct the path or remove the line."
        )
    return f"{found}{'[' + extras if extras else ''}"


def names_of(lines: Iterable[str]) -> set[str]:
    """Return the names of public requirements, as PyPI spells them."""
    return {canonicalize_name(Requirement(line).name) for line in lines}
