"""Keeps the seals of the audit log in a folder, for runs on this machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from chalicelib.ports import Seal

from .seal_documents import name_of, number_in, read_seal, write_seal


class FolderSeals:
    """A seal store in a folder, which is created with the first seal; its files can only be read."""

    def __init__(self, root: Path) -> None:
        """`root`: the folder, beside the run's database and not in it."""
        self._root = root

    def keep(self, seal: Seal) -> None:
        """Keep a seal; a number that is kept already stays as it is."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._root / name_of(seal.number)
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(write_seal(seal))
        draft.chmod(0o400)
        # A link is created whole or not at all, and never replaces another.
        with contextlib.suppress(FileExistsError):
            os.link(draft, target)
        draft.unlink()

    def read(self, number: int) -> Seal | None:
        """Return a kept seal; None for a number that isn't kept."""
        try:
            return read_seal((self._root / name_of(number)).read_bytes())
        except FileNotFoundError:
            return None

    def last_number(self) -> int:
        """Return the highest number that is kept; 0 for none."""
        if not self._root.is_dir():
            return 0
        return max((number_in(file.name) for file in self._root.iterdir()), default=0)
