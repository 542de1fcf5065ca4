"""`petri export`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.console import out
from infra.cli.options import Run
from infra.local.places import Places


def export(
    *,
    app: Run = None,
    no_scrub: Annotated[bool, typer.Option("--no-scrub", help="Keep who the participants are.")] = False,
) -> None:
    """Write a run's data to data/<id>-data.zip, without what says who took part."""
    # Put off: few commands need the storage.
    from chalicelib.storage.sqlite import SQLiteEngine
    from infra.local import outcome

    places = Places(Path.cwd())
    run_id = places.existing(app)
    with contextlib.closing(SQLiteEngine(places.database(run_id))) as engine:
        out().print(str(outcome.export(engine, run_id, places, scrub=not no_scrub)), markup=False)
