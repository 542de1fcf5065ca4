"""The last look before anything leaves this machine: no file may hold the value of a secret setting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.aws.errors import AwsProblem

#: Shorter values stand in many files by chance.
_SHORTEST = 12


def check_for_secrets(secrets: Mapping[str, str], *folders: Path) -> None:
    """Raise AwsProblem that names setting and file, but not the value, when a secret lies in a folder."""
    wanted = {name: value.encode() for name, value in secrets.items() if len(value) >= _SHORTEST}
    for folder in folders:
        for path in sorted(folder.rglob("*")) if wanted else ():
            if path.is_file():
                _check(path, path.relative_to(folder), wanted)


def _check(path: Path, place: Path, wanted: Mapping[str, bytes]) -> None:
    contents = path.read_bytes()
    for name, value in wanted.items():
        if value in contents:
            raise AwsProblem(
                f"{place} holds the value of the secret setting {name}, and would be deployed with it. Take "
                f"it out of that file and read it with config.get({name!r})."
            )
