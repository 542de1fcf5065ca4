"""Chooses the Python version on Lambda: the operator's own, or 3.12 if that is older.

AWS ends a runtime's support with that of its Python, and later refuses updates of its functions, which would
end a deployed study. Packages are chosen for Lambda's version, so an operator with an older Python can deploy
too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from typing import Final

from infra.problems import OperatorProblem

Version = tuple[int, int]
#: The oldest version that functions get.
OLDEST: Version = (3, 12)
#: Versions that both Lambda and Chalice's packager support.
KNOWN: Final[tuple[Version, ...]] = ((3, 11), (3, 12), (3, 13), (3, 14))


def own() -> Version:
    """Return the version of this process's Python."""
    return sys.version_info[0], sys.version_info[1]


def version() -> Version:
    """Return the version for Lambda; raises OperatorProblem when Lambda doesn't support it."""
    chosen = max(own(), OLDEST)
    if chosen not in KNOWN:
        names = ", ".join(f"python{major}.{minor}" for major, minor in KNOWN if (major, minor) >= OLDEST)
        raise OperatorProblem(
            f"Lambda has no python{spelled(chosen)}; deploy with one of {names}: "
            "make install PYTHON=python3.12"
        )
    return chosen


def spelled(chosen: Version) -> str:
    """Return a version as it is written, such as 3.12."""
    return f"{chosen[0]}.{chosen[1]}"


def runtime() -> str:
    """Return Lambda's name of the runtime."""
    return f"python{spelled(version())}"


def abi() -> str:
    """Return the version's ABI tag, for Chalice and wheels."""
    return f"cp{version()[0]}{version()[1]}"


def compiler() -> str | None:
    """Return an interpreter of Lambda's version, to compile bytecode with; None without one here."""
    return sys.executable if version() == own() else _found(f"python{spelled(version())}")


@cache
def _found(name: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    # A version manager's shim on the path may fail to start.
    command = [path, "-I", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the path's own
    return path if done.stdout.strip() == name else None


def notes() -> list[str]:
    """Return notes for the operator."""
    if compiler() is not None:
        return []
    lambda_version = spelled(version())
    note = (
        f"Lambda runs Python {lambda_version}, which isn't installed here, so the package isn't compiled and "
        f"functions start more slowly. Install python{lambda_version} to change that."
    )
    return [note]
