"""`petri export`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.console import out
from infra.cli.options import Run
from infra.cli.which_run import deployed
from infra.local.places import Places


def export(
    *,
    app: Run = None,
    no_scrub: Annotated[bool, typer.Option("--no-scrub", help="Keep who the participants are.")] = False,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Write a run's data to data/<id>-data.zip, without what says who took part."""
    places = Places(Path.cwd())
    found = deployed(app, stage, profile, region)
    if found is not None:
        # Put off: AWS's clients take a while to import.
        from infra.aws import exporting
        from infra.aws.errors import plainly

        with plainly():
            target = places.export(found.export_id)
            path = exporting.export(found.account, found.names, target, scrub=not no_scrub)
        out().print(str(path), markup=False)
        return
    # Put off: few commands need the storage.
    from chalicelib.storage.sqlite import SQLiteEngine
    from infra.local import outcome

    run_id = places.existing(app)
    with contextlib.closing(SQLiteEngine(places.database(run_id))) as engine:
        out().print(str(outcome.export(engine, run_id, places, scrub=not no_scrub)), markup=False)
