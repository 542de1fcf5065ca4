"""The Python that runs inside Lambda: the operator's own version, or 3.12 where that is older.

AWS ends the support of a runtime with that of its Python, and later refuses to change its functions. A
deployed study should outlive that. Packages are chosen for Lambda's version, so an operator whose Python is
older can deploy too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from typing import Final

from infra.problems import OperatorProblem

Version = tuple[int, int]
#: No function gets an older one.
OLDEST: Version = (3, 12)
#: Versions that both Lambda and Chalice's packager know.
KNOWN: Final[tuple[Version, ...]] = ((3, 11), (3, 12), (3, 13), (3, 14))


def own() -> Version:
    """Return the version of the Python that deploys."""
    return sys.version_info[0], sys.version_info[1]


def version() -> Version:
    """Return the version that runs inside Lambda; OperatorProblem when Lambda doesn't have it."""
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
    """Return what Chalice and wheels call the version."""
    return f"cp{version()[0]}{version()[1]}"


def compiler() -> str | None:
    """Return an interpreter of Lambda's version, whose bytecode Lambda takes; None without one here."""
    return sys.executable if version() == own() else _found(f"python{spelled(version())}")


@cache
def _found(name: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    # What a version manager puts on the path may start nothing.
    asked = [path, "-I", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - the path's own
    return path if done.stdout.strip() == name else None


def notes() -> list[str]:
    """Return what the operator should know."""
    if compiler() is not None:
        return []
    there = spelled(version())
    note = (
        f"Lambda runs Python {there}, which isn't installed here, so the package isn't compiled and "
        f"functions start more slowly. Install python{there} to change that."
    )
    return [note]
