"""Uploaded files: what a study's `check_upload` gets, how types are recognised, and small files for bots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Upload:
    """A file that a participant has uploaded, before the answer that refers to it is stored."""

    #: The name of the item.
    item: str
    reference: str
    #: The media type, such as image/png, which the content agrees with.
    type: str
    #: The size in bytes.
    size: int
    sha256: str
    _open: Callable[[], Iterator[bytes]] = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Read the file piece by piece.

        Returns:
            Its content, in pieces of at most a megabyte.

        """
        return self._open()

    def read(self) -> bytes:
        """Read the whole file.

        Returns:
            Its content.

        """
        return b"".join(self._open())
