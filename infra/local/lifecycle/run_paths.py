"""The paths of local runs' files, below the working directory of `petri`."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.errors import BadRequest, NotFound

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class RunPaths:
    """`runs/` holds the files of runs, `data/` their exports."""

    root: Path

    def database(self, run_id: str) -> Path:
        """Return the path of the run's SQLite file."""
        return self._runs() / f"{checked(run_id)}.sqlite"

    def log(self, run_id: str) -> Path:
        """Return the path of the run's log."""
        return self._runs() / f"{checked(run_id)}.log"

    def facts(self, run_id: str) -> Path:
        """Return the path of the run's settings and versions, for its export."""
        return self._runs() / f"{checked(run_id)}.json"

    def code(self, run_id: str) -> Path:
        """Return the path of the archive of the run's code, for its export."""
        return self._runs() / f"{checked(run_id)}.code.zip"

    def origin(self, run_id: str) -> Path:
        """Return the path of the file that names the run's experiment folder."""
        return self._runs() / f"{checked(run_id)}.origin"

    def uploads(self, run_id: str) -> Path:
        """Return the path of the folder of the files that participants have uploaded."""
        return self._runs() / f"{checked(run_id)}.uploads"

    def exports(self, run_id: str) -> Path:
        """Return the path of the folder of the exports that were asked for on the dashboard."""
        return self._runs() / f"{checked(run_id)}.exports"

    def seals(self, run_id: str) -> Path:
        """Return the path of the folder of the seals of the run's audit log."""
        return self._runs() / f"{checked(run_id)}.seals"

    def export(self, run_id: str) -> Path:
        """Return the path of the run's export."""
        return self._data() / f"{checked(run_id)}-data.zip"

    def workbook(self, run_id: str) -> Path:
        """Return the path of the run's Excel workbook."""
        return self._data() / f"{checked(run_id)}-data.xlsx"

    def report(self, run_id: str) -> Path:
        """Return the path of the report of the experiment's own analysis."""
        return self._data() / f"{checked(run_id)}-report.html"

    def close_to_others(self, run_id: str) -> None:
        """Make a run's existing files readable by this user only."""
        for file in self._runs().glob(f"{checked(run_id)}.*"):
            file.chmod(0o700 if file.is_dir() else 0o600)

    def has_runs(self) -> bool:
        """Whether any run exists here."""
        return next((self.root / "runs").glob("*.sqlite"), None) is not None

    def has(self, run_id: str) -> bool:
        """Whether a run exists here."""
        return _RUN_ID.fullmatch(run_id) is not None and (self.root / "runs" / f"{run_id}.sqlite").exists()

    def existing(self, run_id: str | None) -> str:
        """Return the id of an existing run; by default that of the run written to last."""
        files = sorted((self.root / "runs").glob("*.sqlite"), key=_last_written)
        known = [file.stem for file in files]
        if not known:
            raise NotFound(
                f"There are no runs in {self.root / 'runs'}; start one with `petri debug DIR` in this folder."
            )
        if run_id is None:
            return known[-1]
        if checked(run_id) not in known:
            raise NotFound(
                f"There is no run {run_id} in {self.root / 'runs'} (the latest is {known[-1]}). Check the "
                "id, or change to the folder in which the run was started."
            )
        return run_id

    def announce(self, run_id: str, url: str) -> Path:
        """Record where a run is served, for other commands; the caller removes the file at the end."""
        path = self._runs() / f"{checked(run_id)}.running"
        self._last(run_id).write_text(url, encoding="utf-8")
        path.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
        return path

    def address(self, run_id: str | None = None) -> str:
        """Return the address of a run that is being served; by default that of the latest."""
        pattern = f"{checked(run_id)}.running" if run_id else "*.running"
        notes = sorted(
            (self.root / "runs").glob(pattern), key=lambda file: file.stat().st_mtime, reverse=True
        )
        for note in notes:
            server = json.loads(note.read_text(encoding="utf-8"))
            if is_alive(server["pid"]):
                return str(server["url"])
        if run_id:
            known = self.existing(run_id)
            raise NotFound(
                f"The run {known} is not being served; start it with `petri debug DIR --id {known}`."
            )
        raise NotFound("No run is being served here; start one with `petri debug DIR` in this folder.")

    def last_address(self, run_id: str) -> str | None:
        """Return the address at which a run was last served; None if it never was."""
        last = self._last(run_id)
        return last.read_text(encoding="utf-8").strip() if last.exists() else None

    def _last(self, run_id: str) -> Path:
        return self.root / "runs" / f"{checked(run_id)}.address"

    def _runs(self) -> Path:
        return _created(self.root / "runs")

    def _data(self) -> Path:
        return _created(self.root / "data")


@contextmanager
def private_files() -> Iterator[None]:
    """Make files that are written in the with block readable by this user only.

    Runs contain participants' identities and the operator's token.
    """
    before = os.umask(0)
    os.umask(before | 0o077)
    try:
        yield
    finally:
        os.umask(before)


def checked(run_id: str) -> str:
    """Return the id if it is valid as a file name, else raise BadRequest."""
    if not _RUN_ID.fullmatch(run_id):
        raise BadRequest(
            f"{run_id!r} is not a valid run id; use at most 64 letters, digits, dots and dashes."
        )
    return run_id


def new_run_id(name: str) -> str:
    """Create a unique id with the experiment's name and the time."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:32] or "run"
    return f"{readable}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _created(folder: Path) -> Path:
    # Runs contain participants' identities and the operator's token.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def is_alive(process: int) -> bool:
    """Whether a process with this id is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _last_written(database: Path) -> float:
    """Return when a database was last written to; its write-ahead log counts as well."""
    files = (database, database.with_suffix(".sqlite-wal"))
    return max(file.stat().st_mtime for file in files if file.exists())
