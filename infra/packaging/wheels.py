"""Builds an author's private packages into wheels and unpacks them into vendor/."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from chalice.deploy.packager import DependencyBuilder
from chalice.utils import OSUtils
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.problems import OperatorProblem

from .lambda_python import abi, spelled, version
from .requirements import BROUGHT, applies, without_credentials

#: Metadata files of a wheel that reveal its origin, or that nothing reads at run time.
_UNWANTED = {"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"}
#: Folders of a wheel whose contents go next to the packages; scripts, headers and data are not needed.
_INSTALLED_PLACES = {"purelib", "platlib"}
_SHOWN_LINES = 3
#: pip's message after an error that its subprocess has already printed.
_SAYS_NOTHING = "subprocess-exited-with-error"


@dataclass
class Vendored:
    """The result of building private requirements."""

    #: names, as PyPI spells them, and versions
    versions: dict[str, str] = field(default_factory=dict)
    #: the dependencies of those packages, for pip
    public: list[str] = field(default_factory=list)


def vendor(private: list[str], target: Path, taken: set[str]) -> Vendored:
    """Build private requirements and unpack their packages into the folder `target`.

    `taken`: names of packages that come with Petri, which must not be installed twice.
    Raises OperatorProblem with the requirement, without its password, when one can't be built or doesn't run
    on Lambda.
    """
    vendored, waiting, seen = Vendored(), list(private), set(private)
    while waiting:
        wheel_of = waiting.pop(0)
        with tempfile.TemporaryDirectory(prefix="petri-wheel-") as folder:
            wheel = _build(wheel_of, Path(folder))
            name, version, needs = _metadata(wheel, _extras(wheel_of))
            if name in taken:
                raise OperatorProblem(
                    f"{without_credentials(wheel_of)} is {name}, which comes with Petri; remove it from the "
                    "experiment's requirements.txt."
                )
            _check_runs_in_lambda(wheel, name)
            _lay(wheel, target)
        vendored.versions[name] = version
        for need in needs:
            if need.url and str(need) not in seen:
                waiting.append(str(need))
                seen.add(str(need))
            elif not need.url and canonicalize_name(need.name) not in BROUGHT:
                vendored.public.append(str(need))
    vendored.public = [
        each for each in vendored.public if canonicalize_name(Requirement(each).name) not in vendored.versions
    ]
    return vendored


def runs_in_lambda(filename: str) -> bool:
    """Whether a wheel of this name runs on Lambda."""
    return bool(DependencyBuilder(OSUtils())._is_compatible_wheel_filename(abi(), filename))  # noqa: SLF001


def no_wheel(names: list[str]) -> OperatorProblem:
    """Return an error that packages aren't available for Lambda."""
    several = len(names) > 1
    return OperatorProblem(
        f"{', '.join(sorted(names))} {'have' if several else 'has'} no wheel that runs on Lambda (Linux "
        f"x86_64, Python {spelled(version())}). Use a version that has one (a file with manylinux or "
        "py3-none-any in its name), deploy with a newer Python, whose Lambda runtime accepts newer wheels, "
        "or remove the package."
    )


def _build(requirement: str, folder: Path) -> Path:
    given = Path(requirement.partition("[")[0])
    if given.suffix == ".whl" and given.is_file():
        # pip would refuse a wheel for Lambda on a machine of another kind.
        return given
    listed = folder / "requirement.txt"
    listed.write_text(requirement + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    done = subprocess.run(  # noqa: S603 - this interpreter's pip
        [*command, "--requirement", str(listed)], capture_output=True, text=True, check=False
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise OperatorProblem(
            f"{without_credentials(requirement)} can't be built into a wheel: {_reason(done.stderr)}. "
            "Run `pip wheel --no-deps ...` yourself and fix the error."
        )
    return wheels[0]


def _reason(errors: str) -> str:
    lines = [line.strip() for line in without_credentials(errors).splitlines() if line.strip()]
    reasons = [line for line in lines if re.match(r"(error|fatal)", line, re.IGNORECASE)] or lines
    reasons = [line for line in reasons if _SAYS_NOTHING not in line] or reasons
    return " / ".join(dict.fromkeys(reasons[-_SHOWN_LINES:])).rstrip(". ") or "pip didn't say why"


def _extras(requirement: str) -> frozenset[str]:
    found = re.search(r"\[([^]]*)]", requirement.partition(" @ ")[0])
    return frozenset(each.strip() for each in found[1].split(",")) if found else frozenset()


def _metadata(wheel: Path, extras: frozenset[str]) -> tuple[str, str, list[Requirement]]:
    with zipfile.ZipFile(wheel) as archive:
        place = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        fields = HeaderParser().parsestr(archive.read(place).decode())
    needs = [Requirement(each) for each in fields.get_all("Requires-Dist") or []]
    wanted = [_plain(need) for need in needs if applies(need.marker, extras)]
    return canonicalize_name(str(fields["Name"])), str(fields["Version"]), wanted


def _plain(need: Requirement) -> Requirement:
    """Return a requirement without its marker, which was evaluated before."""
    need.marker = None
    return need


def _check_runs_in_lambda(wheel: Path, name: str) -> None:
    if not runs_in_lambda(wheel.name):
        raise no_wheel([name])


def _lay(wheel: Path, target: Path) -> None:
    """Unpack a wheel as an installation would."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            place = _place(PurePosixPath(name))
            if place is None or name.endswith("/"):
                continue
            path = target / place
            if ".." in place.parts or place.is_absolute():
                raise OperatorProblem(
                    f"{wheel.name} holds {name}, outside its own folder; don't use this wheel."
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, path.open("wb") as file:
                shutil.copyfileobj(source, file)


def _place(name: PurePosixPath) -> PurePosixPath | None:
    head = name.parts[0]
    if head.endswith(".dist-info") and name.name in _UNWANTED:
        return None
    if not head.endswith(".data"):
        return name
    inside = len(name.parts) > len(("x.data", "purelib")) and name.parts[1] in _INSTALLED_PLACES
    return PurePosixPath(*name.parts[2:]) if inside else None
