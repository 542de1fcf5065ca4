"""`petri export`."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.options import Run
from infra.cli.output import err, out
from infra.cli.run_selection import deployed
from infra.local.lifecycle.run_paths import RunPaths


def export(
    *,
    app: Run = None,
    no_scrub: Annotated[bool, typer.Option("--no-scrub", help="Keep who the participants are.")] = False,
    excel_safe: Annotated[
        bool,
        typer.Option(
            "--excel-safe",
            help="Put an apostrophe before texts in the CSVs that a spreadsheet would run as formulas.",
        ),
    ] = False,
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Write an Excel workbook too, with a sheet for each table.")
    ] = False,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Export the intact records of a damaged run file.")
    ] = False,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Write a run's data to data/<id>-data.zip, without what says who took part."""
    places = RunPaths(Path.cwd())
    found = deployed(app, stage, profile, region)
    run_id = places.existing(app) if found is None else found.export_id
    if found is not None:
        # Lazy import: AWS's clients take a while.
        from infra.aws.account.aws_errors import plainly
        from infra.aws.deployed import data_export

        with plainly():
            target = places.export(run_id)
            archive = data_export.export(
                found.account, found.names, target, scrub=not no_scrub, excel_safe=excel_safe
            )
    elif salvage:
        archive = _salvaged(run_id, places, scrub=not no_scrub, excel_safe=excel_safe)
    else:
        # Lazy import: few commands need the storage.
        from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine, why_unusable
        from infra.local.lifecycle import run_outcome

        database = places.database(run_id)
        try:
            with contextlib.closing(SQLiteEngine(database)) as engine:
                archive = run_outcome.export(
                    engine, run_id, places, scrub=not no_scrub, excel_safe=excel_safe
                )
        except sqlite3.DatabaseError as error:
            raise why_unusable(database, error) from error
    out().print(str(archive), markup=False)
    if xlsx:
        out().print(str(_workbook(archive, places.workbook(run_id))), markup=False)


def _salvaged(run_id: str, places: RunPaths, *, scrub: bool, excel_safe: bool) -> Path:
    """Export what can still be read of a damaged file; the file itself is left as it is."""
    # Lazy import: few commands need the storage.
    from chalicelib.storage.sqlite.recovery import recover_file
    from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
    from infra.local.lifecycle import run_outcome

    with (
        tempfile.TemporaryDirectory(prefix="petri-salvage-") as folder,
        contextlib.closing(SQLiteEngine(Path(folder) / "run.sqlite")) as engine,
    ):
        saved = recover_file(places.database(run_id), engine)
        archive = run_outcome.export(engine, run_id, places, scrub=scrub, excel_safe=excel_safe)
    err().print(f"{saved.read} records were read; {saved.lost} can't be.", markup=False)
    return archive


def _workbook(archive: Path, target: Path) -> Path:
    """Write an export's tables into a workbook; an existing one is replaced when the new one is complete."""
    # Lazy import: it needs the packages of petri[data].
    from petri.data import Data

    partial = target.with_name(f"{target.name}.partial")
    partial.write_bytes(Data(archive).xlsx)
    partial.replace(target)
    return target
