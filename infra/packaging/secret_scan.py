"""The last look before anything leaves this machine: no file may hold the value of a secret setting."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from chalicelib.experiment.config.configuration import Configuration
from infra.problems import OperatorProblem

#: Shorter values stand in many files by chance.
_SHORTEST = 12


def check_for_secrets(secrets: Mapping[str, str], *folders: Path) -> None:
    """Raise OperatorProblem when a folder holds a secret; it names setting and file, not the value."""
    for folder in folders:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        check_contents(secrets, ((path.relative_to(folder).as_posix(), path.read_bytes()) for path in files))


def check_contents(secrets: Mapping[str, str], files: Iterable[tuple[str, bytes]]) -> None:
    """Raise the same for files that are in memory, with their places."""
    wanted = {name: value.encode() for name, value in secrets.items() if len(value) >= _SHORTEST}
    for place, contents in files:
        _check(place, contents, wanted)


def secrets_of(config: Configuration, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what must not be in any file: secret settings, with meaning here or without, and AWS's keys."""
    shown, every = config.as_dict(), config.as_dict(include_sensitive=True)
    environ = os.environ if environ is None else environ
    keys = {name: environ.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    return {**keys, **{name: str(value) for name, value in every.items() if name not in shown}}


def _check(place: str, contents: bytes, wanted: Mapping[str, bytes]) -> None:
    for name, value in wanted.items():
        if value in contents:
            if name.isupper():
                raise OperatorProblem(
                    f"{place} holds your own {name}, and would be deployed with it. Take it out of that "
                    "file; inside Lambda a function has keys of its own."
                )
            raise OperatorProblem(
                f"{place} holds the value of the secret setting {name}, and would be deployed with it. Take "
                f"it out of that file and read it with config.get({name!r})."
            )
