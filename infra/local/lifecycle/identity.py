"""Checks that a folder holds the experiment that a run belongs to, to protect the run's data.

The same folder is the same experiment, whatever was changed in it. When the run's original folder no longer
exists, a folder with the same name and experiment class is accepted (it was moved), and so is a folder with
the same code (it was renamed). Anything else is another experiment, unless the operator passes --adopt.
"""

from __future__ import annotations

import json

from chalicelib.errors import BadRequest
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment

from . import origin
from .run_paths import RunPaths


def check(loaded: LoadedExperiment, run_id: str, paths: RunPaths) -> None:
    """Raise BadRequest when a run with data belongs to a different experiment."""
    made_of = origin.noted(run_id, paths)
    if made_of is None or not paths.has(run_id) or made_of.folder.resolve() == loaded.folder.resolve():
        return
    is_gone = not made_of.folder.is_dir()
    if is_gone and (_was_moved(made_of, loaded) or _was_renamed(run_id, loaded, paths)):
        return
    gone = ", which no longer exists" if is_gone else ""
    raise BadRequest(
        f"The run {run_id} belongs to the experiment {made_of.folder.name} ({made_of.folder}{gone}), not to "
        f"{loaded.name} ({loaded.folder}). Continuing it would mix the data of two experiments: leave out "
        "--id to start a new run. If this is the same experiment in another place, add --adopt.",
        code="another_experiment",
    )


def _was_moved(made_of: origin.Origin, loaded: LoadedExperiment) -> bool:
    is_same_class = made_of.experiment_class in ("", loaded.experiment_class.__qualname__)
    return made_of.folder.name == loaded.folder.name and is_same_class


def _was_renamed(run_id: str, loaded: LoadedExperiment, paths: RunPaths) -> bool:
    # Lazy import: only needed for a run whose folder no longer exists.
    from infra.packaging.provenance import code_hash

    facts = paths.facts(run_id)
    if not facts.exists():
        return False
    kept = json.loads(facts.read_text(encoding="utf-8")).get("versions", {}).get("experiment")
    return bool(kept == code_hash(loaded))
