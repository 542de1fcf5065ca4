"""What an export tells of its run besides the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def _no_facts() -> Mapping[str, Any]:
    return {}


def _no_code() -> bytes | None:
    return None


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run: its id, its versions and settings, the code that runs, its log."""

    app_id: str
    #: Returns versions and settings, as a manifest has them.
    manifest: Callable[[], Mapping[str, Any]] = _no_facts
    #: Returns the archive of the code; None where it wasn't kept.
    code: Callable[[], bytes | None] = _no_code
    log: Path | None = None
