"""Changes several files of a folder together: a crash leaves either all old files or all new ones.

The new files, the old ones and a journal are written first, into a folder beside them. Then each file is
replaced, and the one that is replaced last decides: while it is the old one, the next command that reads the
folder puts all old files back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.problems import OperatorProblem

#: The folder of a change that isn't finished; names that begin with a dot are never deployed.
FOLDER: Final = ".petri-change"
_JOURNAL: Final = "journal.json"
_LOCK: Final = "lock.sqlite"


@dataclass(frozen=True)
class FolderChange:
    """Files to write, or to remove where the content is None, by their path in the folder."""

    folder: Path
    files: Mapping[str, bytes | None]
    #: the path of the file that is replaced last
    last: str

    def apply(self) -> None:
        """Change the files; OperatorProblem when another command is changing this folder."""
        content = self.files[self.last]
        if content is None:
            raise ValueError("the file that is replaced last must be written, not removed")
        for path in self.files:
            if not (self.folder / path).resolve().is_relative_to(self.folder.resolve()):
                raise OperatorProblem(f"{path} leads out of {self.folder}. Remove the link, and try again.")
        with _alone(self.folder) as is_alone:
            if not is_alone:
                raise OperatorProblem(f"Another command is changing {self.folder}. Wait for it to end.")
            _restore(self.folder)
            journal = self._prepare(content)
            for entry in journal["files"]:
                _replace(self.folder, entry)
            _clear(self.folder)

    def _prepare(self, content: bytes) -> dict[str, Any]:
        """Write the new files, the old ones and the journal, and return the journal."""
        place = self.folder / FOLDER
        order = [path for path in self.files if path != self.last] + [self.last]
        entries = []
        for number, path in enumerate(order):
            new, target = self.files[path], self.folder / path
            entry: dict[str, Any] = {"path": path, "new": None, "old": None}
            if new is not None:
                entry["new"] = f"{number}.new"
                _write(place / entry["new"], new)
            if target.is_file():
                entry["old"] = f"{number}.old"
                _write(place / entry["old"], target.read_bytes())
            entries.append(entry)
        journal = {"last": self.last, "hash": _hash(content), "files": entries}
        temporary = place / f"{_JOURNAL}.part"
        _write(temporary, json.dumps(journal).encode())
        temporary.replace(place / _JOURNAL)
        return journal


def restore_interrupted_change(folder: Path) -> None:
    """Put back the old files of a change that was interrupted; nothing happens while it is going on."""
    if not (folder / FOLDER).is_dir():
        return
    with _alone(folder) as is_alone:
        if is_alone:
            _restore(folder)
            _clear(folder)


def _restore(folder: Path) -> None:
    place = folder / FOLDER
    if (place / _JOURNAL).is_file():
        journal = json.loads((place / _JOURNAL).read_text(encoding="utf-8"))
        last = folder / journal["last"]
        if not (last.is_file() and _hash(last.read_bytes()) == journal["hash"]):
            for entry in reversed(journal["files"]):
                _put_back(folder, entry)
        (place / _JOURNAL).unlink()
    for left in place.glob("*.*"):
        if not left.name.startswith(_LOCK):
            left.unlink()


def _replace(folder: Path, entry: Mapping[str, Any]) -> None:
    target = folder / entry["path"]
    if entry["new"] is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / FOLDER / entry["new"]).replace(target)


def _put_back(folder: Path, entry: Mapping[str, Any]) -> None:
    target = folder / entry["path"]
    if entry["old"] is None:
        target.unlink(missing_ok=True)
        return
    # The old file stays until all are back: putting back may be interrupted too.
    old = folder / FOLDER / entry["old"]
    temporary = old.with_suffix(".back")
    _write(temporary, old.read_bytes())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)


def _clear(folder: Path) -> None:
    """Remove the folder of the change, whose journal is what matters."""
    (folder / FOLDER / _JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Lock the folder for the block, and yield whether that succeeded; a crash ends the lock."""
    (folder / FOLDER).mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(folder / FOLDER / _LOCK, timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
            return
        yield True


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
