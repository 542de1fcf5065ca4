"""How a command reaches a run: it opens the run's own file and acts through the same operations.

A run that isn't here may be an app that was deployed from this machine; then its table is opened.

What an operation leaves to do is recorded with it. A host that serves the run finds it by its sweep, within
seconds; where nobody serves the run, the command carries it out itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.bootstrap import local
from chalicelib.errors import BadRequest, NotFound
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.services import use
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.aws.account.aws_errors import plainly
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.local.lifecycle import origin
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession


@contextmanager
def opened(
    run_id: str | None, places: RunPaths, *, with_code: bool = True, region: str | None = None
) -> Iterator[RunSession]:
    """Open a run, by default the latest, while the block lasts.

    Without its code an experiment that is being changed at the moment doesn't matter: enough to look.
    A deployed app is opened by its id. `region` says where it is deployed; then no run of this machine
    is meant. NotFound when there is no such run; ExperimentError for what is wrong with its code.
    """
    if region is not None and run_id is None:
        raise BadRequest("Which app? Give its id with --app; `petri apps` lists them.")
    note = _deployed(run_id, places, region)
    if run_id is not None and (note is not None or region is not None):
        # Lazy import: AWS's clients take a while to import.
        from infra.aws.deployed import app_registry
        from infra.aws.deployed.run_session import opened as opened_there

        stage, place = (None, region) if note is None else (note.stage, note.region)
        there = app_registry.find(app_registry.AppLocation(run_id, stage, region=place))
        code = Path(note.folder) if with_code and note is not None else None
        with plainly(), opened_there(there.account, there.names, folder=code) as office:
            yield office
        return
    found = places.existing(run_id)
    address = _address(found, places)
    with contextlib.ExitStack() as stack:
        experiment: type[Experiment] = Experiment
        config: SettingsLike = {}
        folder: Path | None = None
        if with_code:
            made_of = origin.read(found, places)
            loaded = load_experiment(made_of.folder, runtime={"mode": "debug", **made_of.settings})
            stack.enter_context(contextlib.chdir(loaded.folder))
            experiment, config, folder = loaded.experiment_class, loaded.config, made_of.folder
        engine = stack.enter_context(contextlib.closing(SQLiteEngine(places.database(found))))
        base = address or places.last_address(found) or f"http://127.0.0.1:{config.get('port', None) or 5000}"
        app = local(experiment, config, app_id=found, engine=engine, base=lambda: base)
        stack.callback(use, None)
        yield RunSession(found, app, address, base, folder)


def _deployed(run_id: str | None, places: RunPaths, region: str | None) -> AppEntry | None:
    """Return the note of an app that was deployed from this machine, when no run here has this id.

    With a region, an app that is deployed there is meant, whatever runs are here.
    """
    if run_id is None or (region is None and places.has(run_id)):
        return None
    return LocalRegistry().find(run_id, region=region)


def _address(run_id: str, places: RunPaths) -> str | None:
    try:
        return places.address(run_id)
    except NotFound:
        return None
