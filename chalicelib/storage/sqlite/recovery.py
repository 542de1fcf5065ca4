"""Copies the intact records of a damaged SQLite file into a new one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.errors import PetriError

from .sqlite_engine import SQLiteEngine

#: The minimum size of a record in bytes, which limits how many the file can contain.
MIN_BYTES = 24
#: How many records are read at once where nothing is damaged.
AT_ONCE = 500
_FIELDS = "pk, sk, kind, body"
_RANGE = "rowid > ? AND rowid <= ?"


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """The number of recovered records, and of records that can't be read."""

    read: int
    lost: int


def recover_file(damaged: Path, into: SQLiteEngine) -> RecoveryResult:
    """Copy every record that can be read; PetriError when the file is so damaged that none can.

    The damaged file is only read. Its journal (`-wal`), with the most recent writes, has to be next to it.
    """
    found: set[int] = set()
    with closing(_opened(damaged)) as source, closing(sqlite3.connect(into.path)) as target:
        last = _last_number(source, damaged)
        _copy(source, target, 0, last, found)
        target.commit()
        lost = _missing(source, last, found)
    if not found:
        raise PetriError(
            f"Nothing in {damaged} can be read as a run's records; look for an export or a backup."
        )
    return RecoveryResult(len(found), lost)


def _opened(path: Path) -> sqlite3.Connection:
    source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    source.text_factory = bytes
    return source


def _last_number(source: sqlite3.Connection, path: Path) -> int:
    """Return the largest row number, or the most rows that fit into the file if that can't be read."""
    for sql in (
        "SELECT max(rowid) FROM item",
        "SELECT max(rowid) FROM item INDEXED BY sqlite_autoindex_item_1",
    ):
        try:
            return int(source.execute(sql).fetchone()[0] or 0)
        except sqlite3.DatabaseError:
            continue
    return path.stat().st_size // MIN_BYTES


def _copy(
    source: sqlite3.Connection, target: sqlite3.Connection, after: int, last: int, found: set[int]
) -> None:
    """Copy the rows of a range; a range that can't be read is halved until the damage is isolated."""
    ranges = [(start, min(start + AT_ONCE, last)) for start in range(after, last, AT_ONCE)][::-1]
    while ranges:
        start, end = ranges.pop()
        # A single row is looked up: the scan of a range also reads the page before and the one after it.
        where, values = ("rowid = ?", (end,)) if end - start == 1 else (_RANGE, (start, end))
        try:
            rows = source.execute(
                f"SELECT rowid, {_FIELDS} FROM item WHERE {where}",  # noqa: S608 - own words
                values,
            ).fetchall()
        except sqlite3.DatabaseError:
            if end - start > 1:
                middle = (start + end) // 2
                ranges += [(middle, end), (start, middle)]
            continue
        for number, *row in rows:
            if _keep(target, row):
                found.add(number)


def _keep(target: sqlite3.Connection, row: list[Any]) -> bool:
    """Copy a row unless its columns contradict its body, from which the version is taken."""
    try:
        pk, sk, kind, body = (column.decode() for column in row)
        item = json.loads(body)
        version = item["v"]
        if (item["pk"], item["sk"], item["kind"]) != (pk, sk, kind) or type(version) is not int:
            return False
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    target.execute(
        "INSERT OR REPLACE INTO item (pk, sk, v, kind, body) VALUES (?, ?, ?, ?, ?)",
        (pk, sk, version, kind, body),
    )
    return True


def _missing(source: sqlite3.Connection, last: int, found: set[int]) -> int:
    """Count the records that are in the index but can't be read."""
    try:
        numbers = {
            number
            for (number,) in source.execute(
                "SELECT rowid FROM item INDEXED BY sqlite_autoindex_item_1 ORDER BY pk, sk"
            )
        }
    except sqlite3.DatabaseError:
        return max(0, last - len(found))
    return len(numbers - found)
