"""`petri export`."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from infra.cli.aws_options import AnyStage, Profile, Region
from infra.cli.options import Run
from infra.cli.output import err, out
from infra.cli.run_selection import deployed
from infra.local.lifecycle.run_paths import RunPaths


class _Contents(TypedDict):
    """What an export contains, as the options say."""

    scrub: bool
    excel_safe: bool
    uploads: bool


def export(
    *,
    app: Run = None,
    no_scrub: Annotated[bool, typer.Option("--no-scrub", help="Keep participants' identities.")] = False,
    excel_safe: Annotated[
        bool,
        typer.Option(
            "--excel-safe",
            help="Prefix CSV cells that a spreadsheet would run as formulas with an apostrophe.",
        ),
    ] = False,
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Also write an Excel workbook, with one sheet per table.")
    ] = False,
    psych_ds: Annotated[
        bool, typer.Option("--psych-ds", help="Also write a study's tables as a Psych-DS data set.")
    ] = False,
    uploads: Annotated[
        bool,
        typer.Option(
            "--uploads", help="Include the files that participants uploaded, which may identify them."
        ),
    ] = False,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Export the intact records of a damaged run file.")
    ] = False,
    stage: AnyStage = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Export a run's data to data/<id>-data.zip, without participants' identities."""
    paths = RunPaths(Path.cwd())
    found = deployed(app, stage, profile, region)
    run_id = paths.existing(app) if found is None else found.export_id
    contents = _Contents(scrub=not no_scrub, excel_safe=excel_safe, uploads=uploads)
    if found is not None:
        # Lazy import: the AWS clients take a while to import.
        from infra.aws.account.aws_errors import plainly
        from infra.aws.deployed import data_export

        with plainly():
            archive = data_export.export(found.account, found.names, paths.export(run_id), **contents)
    elif salvage:
        archive = _salvaged(run_id, paths, contents)
    else:
        archive = _exported(run_id, paths, contents)
    out().print(str(archive), markup=False)
    if xlsx:
        out().print(str(_workbook(archive, paths.workbook(run_id))), markup=False)
    if psych_ds:
        # Lazy import: only this option needs it.
        from chalicelib.export.psych_ds import write_psych_ds

        target = archive.with_name(archive.name.removesuffix("-data.zip") + "-psych-ds.zip")
        out().print(str(write_psych_ds(archive, target)), markup=False)


def _exported(run_id: str, paths: RunPaths, contents: _Contents) -> Path:
    """Export a run in this folder."""
    # Lazy import: few commands need the storage.
    from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine, why_unusable
    from infra.local.lifecycle import run_outcome

    database = paths.database(run_id)
    try:
        with contextlib.closing(SQLiteEngine(database)) as engine:
            return run_outcome.export(engine, run_id, paths, **contents)
    except sqlite3.DatabaseError as error:
        raise why_unusable(database, error) from error


def _salvaged(run_id: str, paths: RunPaths, contents: _Contents) -> Path:
    """Export the intact records of a damaged file, which isn't changed."""
    # Lazy import: few commands need the storage.
    from chalicelib.storage.sqlite.recovery import recover_file
    from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
    from infra.local.lifecycle import run_outcome

    with (
        tempfile.TemporaryDirectory(prefix="petri-salvage-") as folder,
        contextlib.closing(SQLiteEngine(Path(folder) / "run.sqlite")) as engine,
    ):
        saved = recover_file(paths.database(run_id), engine)
        archive = run_outcome.export(engine, run_id, paths, **contents)
    err().print(f"Recovered {saved.read} records; {saved.lost} are lost.", markup=False)
    return archive


def _workbook(archive: Path, target: Path) -> Path:
    """Write an export's tables into a workbook; an existing one is replaced when the new one is complete."""
    # Lazy import: it requires the packages of petri[data].
    from petri.data import Data

    partial = target.with_name(f"{target.name}.partial")
    partial.write_bytes(Data(archive).xlsx)
    partial.replace(target)
    return target
