"""Stores an entry for each app that was deployed from this machine, below `~/.petri`; no secrets.

Commands look up an app's stage, region, profile and folder here by its id. On another machine, use --stage,
--region and --profile instead. An app in several regions has an entry for each.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chalicelib.errors import BadRequest

from .names import STAGES, Names, Stage

_OLDER = "app.json"


@dataclass(frozen=True)
class AppEntry:
    """One app that was deployed from this machine."""

    app: str
    stage: Stage
    account: str
    region: str
    profile: str | None
    folder: str
    site_url: str = ""
    rest_url: str = ""

    @property
    def names(self) -> Names:
        """The names of its resources within its region; `regions.names_in` has the global ones."""
        return Names(self.app, self.stage)


class LocalRegistry:
    """The operator's folder of app entries."""

    def __init__(self, root: Path | None = None) -> None:
        """`root`: by default `.petri` in the operator's home, or what PETRI_HOME names."""
        given = os.environ.get("PETRI_HOME")
        self.root = root or (Path(given) if given else Path.home() / ".petri")

    def build_dir(self, names: Names, account: str, region: str) -> Path:
        """Return the folder in which an app is staged and packaged, which keeps earlier packages."""
        return self._folder(names) / f"{account}-{region}"

    @contextmanager
    def alone(self, build_dir: Path) -> Iterator[None]:
        """Lock a build folder for the block; raises OperatorProblem when another command here uses it.

        The lock in the app's bucket is too late for this: it is acquired after staging.
        """
        build_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite's lock works on every system and is released however its process ends.
        path = build_dir.with_name(f"{build_dir.name}.lock")
        with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise BadRequest(
                    "Another command on this machine is deploying this app. Wait until it has finished."
                ) from error
            yield

    def keep(self, note: AppEntry) -> None:
        """Save an app's entry."""
        path = self._path(note)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(note), indent=2), encoding="utf-8")

    def find(self, app: str, stage: Stage | None = None, region: str | None = None) -> AppEntry | None:
        """Return an app's entry; None without one.

        Raises BadRequest for an app that was deployed in both stages, or in several regions, unless one is
        named; AWS_REGION and AWS_DEFAULT_REGION name one too.
        """
        found = [note for each in STAGES if stage in (None, each) for note in self.notes(app, each)]
        found = [note for note in found if region in (None, note.region)]
        stages = [each for each in STAGES if any(note.stage == each for note in found)]
        if len(stages) > 1:
            raise BadRequest(f"{app} was deployed as {' and as '.join(stages)}. Say which with --stage.")
        if len(found) > 1:
            return _in_usual_region(app, found)
        return found[0] if found else None

    def notes(self, app: str, stage: Stage) -> list[AppEntry]:
        """Return an app's entries, one for each account and region."""
        paths = (self.root / "apps" / f"{app}-{stage}").glob("app*.json")
        found = {}
        # A file without a region in its name is from an older version: one with a region takes precedence.
        for path in sorted(paths, key=lambda path: path.name != _OLDER):
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            note = AppEntry(**content)
            found[note.account, note.region] = note
        return list(found.values())

    def entries(self) -> list[AppEntry]:
        """Return the entries of all apps that were deployed from this machine."""
        folders = {path.parent.name for path in self.root.glob("apps/*/app*.json")}
        known = [
            (folder.removesuffix(f"-{each}"), each)
            for folder in sorted(folders)
            for each in STAGES
            if folder.endswith(f"-{each}")
        ]
        return [entry for app, stage in known for entry in self.notes(app, stage)]

    def forget(self, names: Names, account: str, region: str) -> None:
        """Delete an app's entry for one account and region; its packages stay for another deploy."""
        for path in self._folder(names).glob("app*.json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            if (content["account"], content["region"]) == (account, region):
                path.unlink()

    def _path(self, note: AppEntry) -> Path:
        return self._folder(note.names) / f"app-{note.account}-{note.region}.json"

    def _folder(self, names: Names) -> Path:
        return self.root / "apps" / f"{names.app}-{names.stage}"


def _in_usual_region(app: str, found: list[AppEntry]) -> AppEntry:
    usual = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    for note in found:
        if note.region == usual:
            return note
    regions = sorted({note.region for note in found})
    raise BadRequest(
        f"{app} was deployed in {' and in '.join(regions)}. Choose one with --region or AWS_REGION."
    )
