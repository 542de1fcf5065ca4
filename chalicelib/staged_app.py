"""Loads the author's experiment in a staged app: registers its routes, and inside Lambda builds the app."""

from __future__ import annotations

import os
from pathlib import Path

from chalice.app import Chalice

from chalicelib.errors import ConfigError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.web import author_routes, request_log

#: The name of the experiment's folder; Chalice packages it from vendor/ beside app.py.
EXPERIMENT_FOLDER = "petri_experiment"
EXPERIMENT_FOLDERS = (EXPERIMENT_FOLDER, f"vendor/{EXPERIMENT_FOLDER}")


def open_experiment(app: Chalice, root: Path, *, in_lambda: bool) -> LoadedExperiment:
    """Register the author's routes; Chalice creates them when it deploys, and Lambda serves them.

    `root`: the folder of app.py. Only staged settings count, not the personal settings of the operator who
    deploys. ConfigError when there is no experiment.
    """
    if in_lambda:
        # First, so that every failure is logged; without it, Lambda drops INFO lines of workers.
        request_log.logger()
    found = [root / place for place in EXPERIMENT_FOLDERS if (root / place).is_dir()]
    if not found:
        raise ConfigError(
            f"There is no experiment beside app.py ({' or '.join(EXPERIMENT_FOLDERS)}); stage it again."
        )
    loaded = load_experiment(
        found[0],
        runtime={"mode": os.environ["PETRI_STAGE"]},
        home=root,
        core_routes=list(app.routes),
    )
    author_routes.register(app, loaded.routes)
    if in_lambda:
        # Lazy import: a deployment has neither a table nor secrets to open.
        from . import bootstrap

        # Experiments open their stimuli by paths relative to their folder.
        os.chdir(loaded.folder)
        bootstrap.aws(loaded)
    return loaded
