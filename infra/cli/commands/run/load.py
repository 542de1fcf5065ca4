"""`petri load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import Directory, Port


def load(
    archive: Annotated[Path, typer.Argument(help="An export.", exists=True, resolve_path=True)],
    directory: Directory = Path(),
    *,
    run_id: Annotated[str, typer.Option("--id", "--app", help="The id of the new run.")] = "",
    port: Port = None,
    leave: Annotated[bool, typer.Option("--exit", help="Load only; serve later with petri debug.")] = False,
) -> None:
    """Put an export back into a run of its own and serve it with its experiment, until Ctrl-C."""
    # Lazy import, as in every command that serves: the whole platform comes along.
    from chalicelib.experiment.loader.importer import require_experiment
    from infra.local.lifecycle.run_paths import new_run_id

    from .load_run import load_archive, serve_loaded

    if not leave:
        # Before anything is loaded: a run that exists would refuse the corrected command.
        require_experiment(directory)
    run_id = run_id or new_run_id(archive.stem.removesuffix("-data"))
    load_archive(archive, run_id)
    if not leave:
        serve_loaded(directory, run_id, port)
