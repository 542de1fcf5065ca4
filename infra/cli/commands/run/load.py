"""`petri load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import Directory, Port


def load(
    archive: Annotated[Path, typer.Argument(help="Export to load.", exists=True, resolve_path=True)],
    directory: Directory = Path(),
    *,
    run_id: Annotated[str, typer.Option("--id", "--app", help="Id of the new run.")] = "",
    port: Port = None,
    leave: Annotated[
        bool, typer.Option("--exit", help="Load without serving; serve later with petri debug.")
    ] = False,
) -> None:
    """Load an export into a new run and serve it with its experiment, until Ctrl-C."""
    # Lazy import, as in every command that serves a run: it imports the whole platform.
    from chalicelib.experiment.loader.importer import require_experiment
    from infra.local.lifecycle.run_paths import new_run_id

    from .load_run import load_archive, serve_loaded

    if not leave:
        # Before anything is loaded: otherwise the corrected command would find that the run exists.
        require_experiment(directory)
    run_id = run_id or new_run_id(archive.stem.removesuffix("-data"))
    load_archive(archive, run_id)
    if not leave:
        serve_loaded(directory, run_id, port)
