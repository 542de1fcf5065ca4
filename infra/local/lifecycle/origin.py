"""What a run was made of, kept beside its data: a command finds the experiment's folder by the run's id."""

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
    """The folder of an experiment, and the settings that count more than any file."""

    folder: Path
    settings: Mapping[str, Any]
    #: the name of the experiment's class; "" where it wasn't noted
    experiment_class: str = ""


def record_origin(origin: Origin, run_id: str, places: RunPaths) -> None:
    """Keep what a run is made of; it is for this machine only, and part of no export."""
    said = {"folder": str(origin.folder), "settings": dict(origin.settings), "class": origin.experiment_class}
    places.origin(run_id).write_text(json.dumps(said, default=str), encoding="utf-8")


def noted(run_id: str, places: RunPaths) -> Origin | None:
    """Return what a run was made of, also when that is gone; None when it wasn't noted."""
    path = places.origin(run_id)
    if not path.exists():
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    return Origin(Path(said["folder"]), said["settings"], str(said.get("class", "")))


def read(run_id: str, places: RunPaths) -> Origin:
    """Return what a run is made of; NotFound when that isn't known (any more)."""
    found = noted(run_id, places)
    if found is None:
        raise NotFound(
            f"It isn't noted which experiment {run_id} belongs to; serve it once with "
            f"`petri debug DIR --id {run_id}`."
        )
    if not found.folder.is_dir():
        raise NotFound(
            f"{run_id} was made of {found.folder}, which is gone; put the folder back, or serve the run once "
            f"from where it is now with `petri debug DIR --id {run_id}`."
        )
    return found
