"""Keeps the files of export jobs in a folder, for runs on this machine.

    <export>/<name>    a part, or the finished file; it has its name when its last byte is on disk

The server of the run calls `file_behind`.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from chalicelib.errors import NotFound
from chalicelib.ports import Clock
from chalicelib.ports.exports import KEPT_FOR
from chalicelib.ports.files import LINKED_FOR

from .signed_addresses import SignedAddresses

#: The path below which the server of a run sends finished exports.
ADDRESS: Final = "/uploads/exports/"
_CHUNK: Final = 1 << 20
#: The names of exports and their files, which can't leave their folder.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


class FolderExports:
    """A store of exports in a folder, which is created with the first file."""

    def __init__(self, root: Path, clock: Clock) -> None:
        """`root`: the folder. Links are valid in this process alone."""
        self._root = root
        self._clock = clock
        self._addresses = SignedAddresses(clock)

    def put(self, export_id: str, name: str, content: Iterable[bytes]) -> None:
        """Write a file."""
        target = self._folder(export_id) / _checked(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = target.with_name(f".{target.name}.partial")
        try:
            with partial.open("wb") as file:
                file.writelines(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, export_id: str, name: str) -> Iterator[bytes]:
        """Yield the content of a file; NotFound without one."""
        try:
            file = (self._folder(export_id) / _checked(name)).open("rb")
        except FileNotFoundError as error:
            raise NotFound(f"The file {name} of the export isn't there any more.") from error
        with file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which the server sends a file."""
        if not (self._folder(export_id) / _checked(name)).is_file():
            raise NotFound("The file of this export isn't there any more; make a new export.")
        facts = {"export": export_id, "file": name, "name": download_name}
        return ADDRESS + self._addresses.sign(facts, LINKED_FOR)

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the one with the name `keep`."""
        folder = self._folder(export_id)
        if keep is None:
            shutil.rmtree(folder, ignore_errors=not folder.exists())
            return
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name != keep:
                path.unlink(missing_ok=True)

    # -- for the server ---------------------------------------------------------------------------

    def file_behind(self, token: str) -> tuple[Path, str]:
        """Return the file of a link, and the name under which it is sent; Forbidden for an invalid link."""
        facts = self._addresses.facts(token, "export")
        path = self._folder(facts["export"]) / _checked(facts["file"])
        if not path.is_file():
            raise NotFound("There is no such export any more.")
        return path, str(facts["name"])

    def sweep(self) -> int:
        """Remove exports that have expired; return how many."""
        oldest = (self._clock.now() - KEPT_FOR).timestamp()
        folders = list(self._root.iterdir()) if self._root.is_dir() else []
        expired = [folder for folder in folders if folder.stat().st_mtime < oldest]
        for folder in expired:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)
        return len(expired)

    def _folder(self, export_id: str) -> Path:
        return self._root / _checked(export_id)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NotFound("There is no such export.")
    return name
