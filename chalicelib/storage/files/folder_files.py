"""Keeps uploaded files in a folder, for runs on this machine.

    pending/<participant>/<name>~<sha256>    files that no answer refers to yet; they expire after a day
    kept/<participant>/<name>                files that answers refer to
    published/<sha256>.<ending>              assets, which the server of the run sends to everyone

A file is complete under its name, since it is renamed to it when its last byte is on disk and its checksum is
the one that was announced. The server of the run calls `receive` and `file_behind`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from chalicelib.errors import BadRequest, NotFound, TooLarge
from chalicelib.ports import Clock, FoundFile, UploadForm
from chalicelib.ports.files import GRANTED_FOR, HEAD_BYTES, LINKED_FOR, UNCLAIMED_FOR

from .references import checked, checked_published, is_reference
from .signed_addresses import SignedAddresses

#: The path below which the server of a run takes and sends files.
ADDRESS: Final = "/uploads/"
_CHUNK: Final = 1 << 20
_MARK: Final = "~"
#: How often expired files are looked for.
_SWEEP_EVERY: Final = timedelta(hours=1)


class FolderFiles:
    """A file store in a folder, which is created with the first file."""

    def __init__(self, root: Path, clock: Clock) -> None:
        """`root`: the folder. Forms and links are valid in this process alone."""
        self._root = root
        self._clock = clock
        self._addresses = SignedAddresses(clock)
        self._next_sweep: datetime | None = None

    # -- the port ---------------------------------------------------------------------------------

    def grant(self, reference: str, *, media_type: str, size: int, sha256: str) -> UploadForm:
        """Return a form with which exactly this file can be posted, for an hour."""
        self._sweep_sometimes()
        facts = {"to": checked(reference), "size": size, "sha256": sha256, "type": media_type}
        return UploadForm(ADDRESS + self._addresses.sign(facts, GRANTED_FOR))

    def find(self, reference: str) -> FoundFile | None:
        """Return a file that is pending or kept; None when it hasn't arrived or has expired."""
        path = self._path(reference) if is_reference(reference) else None
        if path is None:
            return None
        _, _, digest = path.name.partition(_MARK)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return FoundFile(path.stat().st_size, digest or _digest(path), head)

    def keep(self, reference: str) -> None:
        """Keep a pending file; NotFound when it has expired."""
        path = self._path(checked(reference))
        if path is None:
            raise NotFound(f"There is no file {reference}.")
        target = self._kept(reference)
        if path != target:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def read(self, reference: str) -> Iterator[bytes]:
        """Yield the content of a file that is pending or kept."""
        path = self._path(checked(reference))
        if path is None:
            raise NotFound(f"There is no file {reference}.")
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def link(self, reference: str) -> str:
        """Return an address, valid for minutes, at which the server sends a kept file."""
        if not self._kept(checked(reference)).is_file():
            raise NotFound(f"There is no file {reference}.")
        return ADDRESS + self._addresses.sign({"from": reference}, LINKED_FOR)

    def put(self, reference: str, content: Iterable[bytes]) -> None:
        """Write a kept file."""
        target = self._kept(checked(reference))
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("wb") as file:
                file.writelines(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def delete(self, participant_id: int) -> int:
        """Delete all files of a participant; return how many were kept."""
        kept = self._root / "kept" / str(int(participant_id))
        count = sum(1 for _ in kept.glob("*")) if kept.is_dir() else 0
        for folder in (kept, self._root / "pending" / str(int(participant_id))):
            if folder.is_dir():
                shutil.rmtree(folder)
        return count

    def discard(self, reference: str) -> None:
        """Delete a kept file."""
        self._kept(checked(reference)).unlink(missing_ok=True)

    def publish(self, reference: str, name: str, media_type: str) -> None:
        """Copy a pending file to those that are published: an operation that is retried finds it again."""
        del media_type
        target = self._root / "published" / checked_published(name)
        if target.is_file():
            return
        path = self._path(checked(reference))
        if path is None:
            raise NotFound(f"There is no file {reference}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{secrets.token_hex(8)}.partial")
        try:
            shutil.copyfile(path, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def withdraw(self, name: str) -> None:
        """Delete a published file."""
        (self._root / "published" / checked_published(name)).unlink(missing_ok=True)

    def post_origin(self) -> str:
        """Return "": the server of the run takes files."""
        return ""

    # -- for the server ---------------------------------------------------------------------------

    def published(self, name: str) -> Path | None:
        """Return a published file; None when there is none of this name."""
        try:
            path = self._root / "published" / checked_published(name)
        except NotFound:
            return None
        return path if path.is_file() else None

    def receive(self, token: str) -> IncomingFile:
        """Begin to receive the file of a form; Forbidden for a form that isn't valid."""
        facts = self._addresses.facts(token, "to")
        name = f"{facts['to']}{_MARK}{facts['sha256']}"
        return IncomingFile(self._root / "pending" / name, facts["size"], facts["sha256"])

    def file_behind(self, token: str) -> Path:
        """Return the file of a link; Forbidden for a link that isn't valid, NotFound for a deleted file."""
        path = self._kept(checked(str(self._addresses.facts(token, "from")["from"])))
        if not path.is_file():
            raise NotFound("There is no such file any more.")
        return path

    def sweep(self) -> int:
        """Delete pending files that have expired; return how many."""
        oldest = (self._clock.now() - UNCLAIMED_FOR).timestamp()
        count = 0
        for path in (self._root / "pending").glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    count += 1
        return count

    def _sweep_sometimes(self) -> None:
        now = self._clock.now()
        if self._next_sweep is None or now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_EVERY
            self.sweep()

    def _kept(self, reference: str) -> Path:
        return self._root / "kept" / reference

    def _path(self, reference: str) -> Path | None:
        kept = self._kept(reference)
        if kept.is_file():
            return kept
        pending = self._root / "pending" / reference
        return next(pending.parent.glob(f"{pending.name}{_MARK}*"), None)


@dataclass
class IncomingFile:
    """A file that is being received; leaving the block without `finish` discards it."""

    target: Path
    size: int
    sha256: str

    def __enter__(self) -> Self:
        """Open the file."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.target.with_name(f".{secrets.token_hex(8)}.partial")
        self._file = self._partial.open("xb")
        self._length = 0
        self._hash = hashlib.sha256()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and delete what isn't complete."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Take a part of the file; TooLarge when it is longer than announced."""
        self._length += len(chunk)
        if self._length > self.size:
            raise TooLarge("The file is larger than announced; choose it again.")
        self._hash.update(chunk)
        self._file.write(chunk)

    def finish(self) -> None:
        """Put the file in its place; BadRequest when it isn't the one that was announced."""
        if self._length != self.size or self._hash.hexdigest() != self.sha256:
            raise BadRequest("The file isn't the one that was announced; choose it again.")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._partial.replace(self.target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
