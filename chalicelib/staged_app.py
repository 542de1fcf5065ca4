"""The author's experiment in a staged app: its addresses are registered, and inside Lambda it is opened."""

from __future__ import annotations

import os
from pathlib import Path

from chalice.app import Chalice

from chalicelib.errors import ConfigError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.web import author_routes, request_log

#: What the experiment's folder is called; Lambda's package holds what lies in vendor/ beside app.py.
EXPERIMENT_FOLDER = "petri_experiment"
EXPERIMENT_FOLDERS = (EXPERIMENT_FOLDER, f"vendor/{EXPERIMENT_FOLDER}")


def open_experiment(app: Chalice, root: Path, *, in_lambda: bool) -> LoadedExperiment:
    """Register the author's addresses; Chalice makes them when it deploys, and Lambda answers them.

    `root`: where app.py is. Personal settings of whoever deploys count as little as Lambda's: what counts was
    staged. ConfigError when there is no experiment.
    """
    if in_lambda:
        # Before anything can go wrong; without it Lambda leaves out what workers say at level INFO.
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
        # Put off: whoever deploys has neither table nor secrets to open.
        from . import bootstrap

        # Experiments open their stimuli by addresses within their folder.
        os.chdir(loaded.folder)
        bootstrap.aws(loaded)
    return loaded
