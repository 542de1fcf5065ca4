"""Writes the pieces of an export's entries, and reads entries whose pieces are written.

A piece is raw deflate data. All but the last piece of an entry end with a full flush, so they need nothing of
the piece before, and one after the other they are the compressed data of the entry.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from chalicelib.export.study_spool import Record, StudySource
from chalicelib.ports.exports import ExportFiles

from .export_state import Entry

_RAW: Final = -zlib.MAX_WBITS
_LEVEL: Final = 6
_BLOCK: Final = 1 << 20
#: The first bytes of a piece are kept in memory, which is enough for most tables.
_IN_MEMORY: Final = 4 << 20


class PieceStore:
    """The files of one export."""

    def __init__(self, files: ExportFiles, export_id: str) -> None:
        """`files`: the store of all exports."""
        self._files = files
        self._export_id = export_id

    def new_name(self, part: int) -> str:
        """Return a name that no other attempt at this part uses: one may still be running."""
        return f"part-{part:05d}-{secrets.token_hex(8)}"

    def put(self, name: str, content: Iterable[bytes]) -> None:
        """Write a file."""
        self._files.put(self._export_id, name, content)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        return self._files.read(self._export_id, name)

    def packed(self, entry: Entry) -> Iterator[bytes]:
        """Yield the compressed data of an entry."""
        for name in entry.pieces:
            yield from self.read(name)

    def unpacked(self, names: Iterable[str]) -> Iterator[bytes]:
        """Yield the data of some pieces."""
        for name in names:
            inflate = zlib.decompressobj(_RAW)
            for chunk in self.read(name):
                yield inflate.decompress(chunk)
            yield inflate.flush()

    def sha256(self, entry: Entry) -> str:
        """Return the SHA-256 of an entry's data."""
        digest = hashlib.sha256()
        for chunk in self.unpacked(entry.pieces):
            digest.update(chunk)
        return digest.hexdigest()

    def lines(self, entry: Entry, after: tuple[int, int] = (0, 0)) -> Iterator[tuple[tuple[int, int], str]]:
        """Yield the lines of an entry behind a position, each with the position behind it."""
        first, done = after
        for number in range(first, len(entry.pieces)):
            for line, text in enumerate(_lines(self.unpacked([entry.pieces[number]])), start=1):
                if number > first or line > done:
                    yield (number, line), text


class PieceWriter:
    """Writes one piece of an entry."""

    def __init__(self, store: PieceStore, entry: Entry, part: int) -> None:
        """`part`: the number of the part that writes it."""
        self._store = store
        self._entry = entry
        self._part = part
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        self._packed = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - `finish` closes it
        self._digest = None if entry.pieces else hashlib.sha256()
        #: How many bytes this piece has, uncompressed.
        self.size = 0

    def write(self, texts: Iterable[str]) -> None:
        """Write lines."""
        count, data = 0, []
        for text in texts:
            data.append(text)
            count += 1
        self.write_bytes("".join(data).encode())
        self._entry.lines += count

    def write_bytes(self, data: bytes) -> None:
        """Write bytes."""
        self._packed.write(self._deflate.compress(data))
        self._entry.crc = zlib.crc32(data, self._entry.crc)
        if self._digest is not None:
            self._digest.update(data)
        self.size += len(data)

    def finish(self, *, is_last: bool) -> None:
        """Store the piece; `is_last`: the entry is complete with it."""
        self._packed.write(self._deflate.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH))
        length = self._packed.tell()
        self._packed.seek(0)
        name = self._store.new_name(self._part)
        self._store.put(name, iter(lambda: self._packed.read(_BLOCK), b""))
        self._packed.close()
        self._entry.pieces.append(name)
        self._entry.size += self.size
        self._entry.packed += length
        self._entry.is_complete = is_last
        if is_last and self._digest is not None:
            self._entry.sha256 = self._digest.hexdigest()


class PieceRecords(StudySource):
    """The records of a study, from the pieces of its entry."""

    def __init__(self, store: PieceStore, entry: Entry, statuses: Any) -> None:
        """`statuses`: returns the status of a participant by their id."""
        self._store = store
        self._entry = entry
        self.statuses = statuses

    def __iter__(self) -> Iterator[Record]:
        """Yield each record."""
        return (json.loads(line) for _, line in self._store.lines(self._entry))

    def behind(self, position: list[Any] | None) -> Iterator[tuple[list[Any], Record]]:
        """Yield the records behind a position, each with the position behind it."""
        after = (position[0], position[1]) if position else (0, 0)
        return ((list(place), json.loads(line)) for place, line in self._store.lines(self._entry, after))


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Split bytes into lines, at line feeds alone."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode() for line in whole)
    if rest:
        yield rest.decode()
