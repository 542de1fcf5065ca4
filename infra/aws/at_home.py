"""What this machine remembers of the apps that were deployed from it, below `~/.petri`; no secrets.

A command finds an app's stage, region and profile by its id, and the folder that it was made of. Somebody
else's machine finds the same with --stage, --region and --profile.
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

from chalicelib.model.errors import BadRequest
from infra.aws.names import STAGES, Names, Stage


@dataclass(frozen=True)
class Note:
    """One app, as it was deployed from here."""

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
        """The names of its resources."""
        return Names(self.app, self.stage)


class AtHome:
    """The operator's folder of apps."""

    def __init__(self, root: Path | None = None) -> None:
        """`root`: by default `.petri` in the operator's home, or what PETRI_HOME names."""
        given = os.environ.get("PETRI_HOME")
        self.root = root or (Path(given) if given else Path.home() / ".petri")

    def workshop(self, names: Names, account: str, region: str) -> Path:
        """Return where an app is staged and packaged; what was packaged before is found there again."""
        return self._folder(names) / f"{account}-{region}"

    @contextmanager
    def alone(self, workshop: Path) -> Iterator[None]:
        """Hold a workshop while the block lasts; BadRequest when another command here is at work in it.

        The lock that AWS keeps comes too late for that: it is taken when everything is staged.
        """
        workshop.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite's lock is there on every system, and ends with its process however that ends.
        path = workshop.with_name(f"{workshop.name}.lock")
        with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise BadRequest(
                    "Another command on this machine is deploying this app. Wait until it is through."
                ) from error
            yield

    def keep(self, note: Note) -> None:
        """Remember an app."""
        path = self._folder(note.names) / "app.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(note), indent=2), encoding="utf-8")

    def find(self, app: str, stage: Stage | None = None) -> Note | None:
        """Return what is remembered of an app; None when nothing is.

        BadRequest for an app that was deployed in both stages, when neither is named.
        """
        found = [note for each in STAGES if stage in (None, each) if (note := self._note(app, each))]
        if len(found) > 1:
            raise BadRequest(f"{app} was deployed as {' and as '.join(STAGES)}. Say which with --stage.")
        return found[0] if found else None

    def _note(self, app: str, stage: Stage) -> Note | None:
        path = self.root / "apps" / f"{app}-{stage}" / "app.json"
        if not path.is_file():
            return None
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Note(**said)

    def forget(self, names: Names) -> None:
        """Forget an app; what was packaged stays, in case it is deployed again."""
        (self._folder(names) / "app.json").unlink(missing_ok=True)

    def _folder(self, names: Names) -> Path:
        return self.root / "apps" / f"{names.app}-{names.stage}"
