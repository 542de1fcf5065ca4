"""Scans files for the values of secret settings before they leave this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from chalicelib.experiment.config.configuration import Configuration
from infra.problems import OperatorProblem

#: Shorter values occur in many files by chance.
_SHORTEST = 12


def check_for_secrets(secrets: Mapping[str, str], *folders: Path) -> None:
    """Raise OperatorProblem when a folder contains a secret, with setting and file but without the value."""
    for folder in folders:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        check_contents(secrets, ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in files))


def check_contents(secrets: Mapping[str, str], files: Iterable[tuple[str, bytes]]) -> None:
    """Raise the same for files in memory, given with their paths."""
    wanted = {name: value.encode() for name, value in secrets.items() if len(value) >= _SHORTEST}
    for place, contents in files:
        _check(place, contents, wanted)


def secrets_of(config: Configuration, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the values that must not be in any file: secret settings, known or not, and AWS's keys."""
    shown, every = config.as_dict(), config.as_dict(include_sensitive=True)
    environ = os.environ if environ is None else environ
    keys = {name: environ.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    return {**keys, **{name: str(value) for name, value in every.items() if name not in shown}}


def _check(place: str, contents: bytes, wanted: Mapping[str, bytes]) -> None:
    for name, value in wanted.items():
        if value in contents:
            if name.isupper():
                raise OperatorProblem(
                    f"{place} contains your own {name}, which would be deployed. Remove it from that file; "
                    "on Lambda, a function has keys of its own."
                )
            raise OperatorProblem(
                f"{place} contains the value of the secret setting {name}, which would be deployed. Remove "
                f"it from that file and read it with config.get({name!r})."
            )
