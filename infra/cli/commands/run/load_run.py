"""Implements `petri load`."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from chalicelib.export.data_errors import DataError, MalformedTableError
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.ports import FileStore
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.cli.live_status import Links
from infra.cli.output import out
from infra.cli.served_run import finish, listening, opened_with_log, serve_people
from infra.importing import load_zip
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run_lifecycle import SessionSpec
from infra.local.lifecycle.run_paths import RunPaths


def load_archive(archive: Path, run_id: str) -> None:
    """Load an export into a new run and print its counts; a failure leaves no run behind."""
    paths = RunPaths(Path.cwd())
    was_there, database = paths.has(run_id), paths.database(run_id)
    try:
        with contextlib.closing(SQLiteEngine(database)) as engine:
            counts = _loaded(archive, engine, FolderFiles(paths.uploads(run_id), SystemClock()))
    except BaseException:
        # Otherwise other commands would select it as the latest run.
        if not was_there:
            shutil.rmtree(paths.uploads(run_id), ignore_errors=True)
        for file in [] if was_there else list(database.parent.glob(f"{database.name}*")):
            file.unlink()
        raise
    loaded = ", ".join(f"{count} {table}" for table, count in counts.items() if count)
    out().print(f"Loaded {run_id}: {loaded}.", markup=False)


def _loaded(archive: Path, engine: SQLiteEngine, files: FileStore) -> dict[str, int]:
    try:
        return load_zip(archive, engine, files)
    except MalformedTableError as error:
        raise DataError(f"{archive}: {error} Correct this row, or export the run again.") from error


def serve_loaded(directory: Path, run_id: str, port: int | None) -> None:
    """Serve a loaded run, without launching it, until Ctrl-C."""
    paths, began = RunPaths(Path.cwd()), time.monotonic()
    with opened_with_log(RunOptions(directory, run_id), paths, port) as run:
        plan = SessionSpec(run.id, listening(run, port), launch=False)
        serve_people(run, plan, paths, Links(browser=False))
        finish(run, paths, began)
