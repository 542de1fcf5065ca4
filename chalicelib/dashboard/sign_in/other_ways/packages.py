"""Says what to install where the packages for these ways to sign in are missing."""

from __future__ import annotations

from importlib.util import find_spec

from chalicelib.errors import InvalidState


def require_package(name: str) -> None:
    """Refuse to go on without a package: a deployed app has it, a local run only with an extra of Petri's."""
    if find_spec(name) is None:
        raise InvalidState(
            f"This machine lacks the package {name}, which this way to sign in needs. Run: "
            "pip install 'petri[sign-in]'",
            code="package_missing",
        )
