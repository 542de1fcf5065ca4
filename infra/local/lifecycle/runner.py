"""Runs experiments from Python: implements `Experiment.run()` and `Experiment.collect()`."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.errors import BadRequest, ExperimentError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.run.summary import summarize
from infra.local.logs import kept
from infra.local.uvicorn_server import listen
from petri.data import Data

from . import run_outcome
from .crowd import Participation
from .run import Run, RunOptions, chalice_app, opened
from .run_lifecycle import SessionSpec, run_session
from .run_paths import RunPaths, new_run_id


class LocalRunner:
    """Runs an experiment's folder on this machine, with runs/ and data/ in the current folder."""

    def run(self, experiment: type, app_id: str | None, settings: Mapping[str, Any], bot: bool) -> Data:
        """Run to the end and return the data: with bots, or for people until all networks are complete.

        Raises ExperimentError and ConfigError for problems of the folder or the settings.
        """
        folder = _folder_of(experiment)
        wanted = {"recruiter": "bots"} if bot else {}
        run_id = app_id or new_run_id(folder.name)
        return _run(RunOptions(folder, run_id, settings={**wanted, **_only_here(settings)}))

    def collect(self, experiment: type, app_id: str, settings: Mapping[str, Any], bot: bool) -> Data:
        """Return the data of the run with this id, a UUID; run it first if there is none."""
        try:
            uuid.UUID(app_id)
        except ValueError:
            raise BadRequest(f"{app_id!r} is not a valid UUID; create one with `petri uuid`.") from None
        archive = RunPaths(Path.cwd()).export(app_id)
        return Data(archive) if archive.exists() else self.run(experiment, app_id, settings, bot)


def _folder_of(experiment: type) -> Path:
    try:
        return Path(inspect.getfile(experiment)).resolve().parent
    except (TypeError, OSError) as error:
        raise ExperimentError(
            f"{experiment.__name__} isn't defined in a file; move it to experiment.py in its own folder."
        ) from error


def _only_here(settings: Mapping[str, Any]) -> dict[str, Any]:
    mode = RunSettings.read(settings).mode
    if mode != "debug":
        raise BadRequest(f"run(mode={mode!r}) requires a deployed app; on this machine use mode='debug'.")
    return dict(settings)


def _run(options: RunOptions) -> Data:
    paths = RunPaths(Path.cwd())
    chalice_app()
    with kept(paths.log(options.run_id)), opened(options, paths) as run:
        run_outcome.note_settings(run, paths)
        plan = SessionSpec(run.id, listen("127.0.0.1", 0), is_over=lambda: _is_over(run))
        asyncio.run(run_session(run.host, run.drain, run.operator_token, plan, paths, _Quiet(run)))
        return Data(run_outcome.export(run.engine, run.id, paths))


def _is_over(run: Run) -> bool:
    return bool(run.app.run(summarize)["completed"]) and not run.app.store.due(run.app.clock.now())


class _Quiet:
    """A watcher that only sets the run's address."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def started(self, url: str, launched: str) -> None:
        del launched
        self._run.address.url = url

    def ended(self, result: Participation) -> None:
        del result
