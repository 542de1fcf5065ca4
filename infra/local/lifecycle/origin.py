"""Stores which experiment folder and settings a run was started with, for later commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.errors import NotFound

from .run_paths import RunPaths


@dataclass(frozen=True)
class Origin:
    """The folder of an experiment, and the settings that take precedence over any file."""

    folder: Path
    settings: Mapping[str, Any]
    #: the name of the experiment's class; "" if it wasn't recorded
    experiment_class: str = ""


def record_origin(origin: Origin, run_id: str, paths: RunPaths) -> None:
    """Store a run's origin; it is used on this machine only, and isn't part of exports."""
    record = {
        "folder": str(origin.folder),
        "settings": dict(origin.settings),
        "class": origin.experiment_class,
    }
    paths.origin(run_id).write_text(json.dumps(record, default=str), encoding="utf-8")


def noted(run_id: str, paths: RunPaths) -> Origin | None:
    """Return a run's origin, even if its folder no longer exists; None if it wasn't recorded."""
    path = paths.origin(run_id)
    if not path.exists():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    return Origin(Path(record["folder"]), record["settings"], str(record.get("class", "")))


def read(run_id: str, paths: RunPaths) -> Origin:
    """Return a run's origin; NotFound if it wasn't recorded or its folder no longer exists."""
    found = noted(run_id, paths)
    if found is None:
        raise NotFound(
            f"The experiment folder of {run_id} is unknown; serve the run once with "
            f"`petri debug DIR --id {run_id}`."
        )
    if not found.folder.is_dir():
        raise NotFound(
            f"{run_id} was started from {found.folder}, which no longer exists; restore the folder, or serve "
            f"the run once from its new place with `petri debug DIR --id {run_id}`."
        )
    return found
