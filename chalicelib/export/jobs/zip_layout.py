"""Lays out a zip of entries that are compressed already: their headers, and the directory at its end.

An entry's data were compressed in several pieces, which are simply written one after the other. `zipfile` can
only compress data itself; the format is that of PKWARE's APPNOTE, with ZIP64 where a number needs it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_END_64: Final = struct.Struct("<IQHHIIQQQQ")
_LOCATOR_64: Final = struct.Struct("<IIQI")
_LOCAL_SIGNATURE, _CENTRAL_SIGNATURE, _END_SIGNATURE = 0x04034B50, 0x02014B50, 0x06054B50
_END_64_SIGNATURE, _LOCATOR_64_SIGNATURE = 0x06064B50, 0x07064B50
_STORED, _DEFLATED = 0, 8
_UTF_8: Final = 0x800
_UNIX: Final = 3 << 8
_MODE: Final = 0o100644 << 16
_PLAIN_VERSION, _ZIP64_VERSION = 20, 45
_ZIP64_EXTRA: Final = 1
#: The largest number of a field of 4 bytes, and of one of 2: it says that the number is elsewhere.
_MOST, _MOST_ENTRIES = 0xFFFFFFFF, 0xFFFF


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """An entry whose data are compressed with raw deflate already, or stored as they are."""

    name: str
    crc: int
    size: int
    packed: int
    data: Iterable[bytes]
    #: Whether the data are stored as they are.
    is_stored: bool = False


def zip_of(entries: Iterable[ZipEntry], moment: datetime) -> Iterator[bytes]:
    """Yield the bytes of a zip; `moment`: the time that all entries get."""
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    date = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    offset, directory, count = 0, [], 0
    for entry in entries:
        name = entry.name.encode()
        is_long = max(entry.size, entry.packed) >= _MOST
        extra = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, entry.size, entry.packed) if is_long else b""
        sizes = (_MOST, _MOST) if is_long else (entry.packed, entry.size)
        version = _ZIP64_VERSION if is_long else _PLAIN_VERSION
        method = _STORED if entry.is_stored else _DEFLATED
        common = (_UTF_8, method, time, date, entry.crc, *sizes, len(name))
        yield _LOCAL.pack(_LOCAL_SIGNATURE, version, *common, len(extra)) + name + extra
        directory.append(_central(entry, name, common, offset))
        yield from entry.data
        offset += _LOCAL.size + len(name) + len(extra) + entry.packed
        count += 1
    yield from directory
    yield _end(count, sum(map(len, directory)), offset)


def _central(entry: ZipEntry, name: bytes, common: tuple[int, ...], offset: int) -> bytes:
    long = [entry.size, entry.packed] if common[-2] == _MOST else []
    long += [offset] if offset >= _MOST else []
    extra = struct.pack(f"<HH{len(long)}Q", _ZIP64_EXTRA, 8 * len(long), *long) if long else b""
    version = _ZIP64_VERSION if long else _PLAIN_VERSION
    place = (len(extra), 0, 0, 0, _MODE, min(offset, _MOST))
    return _CENTRAL.pack(_CENTRAL_SIGNATURE, _UNIX | version, version, *common, *place) + name + extra


def _end(count: int, length: int, offset: int) -> bytes:
    """Return the end of the directory, with that of ZIP64 before it where a number needs it."""
    numbers = (min(count, _MOST_ENTRIES),) * 2
    end = _END.pack(_END_SIGNATURE, 0, 0, *numbers, min(length, _MOST), min(offset, _MOST), 0)
    if count < _MOST_ENTRIES and max(length, offset) < _MOST:
        return end
    versions = (_UNIX | _ZIP64_VERSION, _ZIP64_VERSION)
    long = _END_64.pack(_END_64_SIGNATURE, _END_64.size - 12, *versions, 0, 0, count, count, length, offset)
    return long + _LOCATOR_64.pack(_LOCATOR_64_SIGNATURE, 0, offset + length, 1) + end
