"""What `petri load` does."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from chalicelib.export.data_errors import DataError, MalformedTableError
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.cli.live_status import Links
from infra.cli.output import out
from infra.cli.served_run import finish, listening, opened_with_log, serve_people
from infra.importing import load_zip
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run_lifecycle import SessionSpec
from infra.local.lifecycle.run_paths import RunPaths


def load_archive(archive: Path, run_id: str) -> None:
    """Put an export into a new run, and say what it holds; one that can't be loaded leaves no run behind."""
    places = RunPaths(Path.cwd())
    was_there, database = places.has(run_id), places.database(run_id)
    try:
        with contextlib.closing(SQLiteEngine(database)) as engine:
            counts = _loaded(archive, engine)
    except BaseException:
        # Other commands would take it for the latest run.
        for file in [] if was_there else list(database.parent.glob(f"{database.name}*")):
            file.unlink()
        raise
    held = ", ".join(f"{count} {table}" for table, count in counts.items() if count)
    out().print(f"{run_id} is loaded: {held}.", markup=False)


def _loaded(archive: Path, engine: SQLiteEngine) -> dict[str, int]:
    try:
        return load_zip(archive, engine)
    except MalformedTableError as error:
        raise DataError(f"{archive}: {error} Correct this row, or export the run again.") from error


def serve_loaded(directory: Path, run_id: str, port: int | None) -> None:
    """Serve what was loaded, without launching it, until somebody ends it."""
    places, began = RunPaths(Path.cwd()), time.monotonic()
    with opened_with_log(RunOptions(directory, run_id), places) as run:
        plan = SessionSpec(run.id, listening(run, port), launch=False)
        serve_people(run, plan, places, Links(browser=False))
        finish(run, places, began)
