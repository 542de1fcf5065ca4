"""Implements the SQLite engine: one file for each run, durable at each response, readable by SQLite tools.

A commit reaches the disk before it returns or, when a host serves many requests at once, with the next
`sync()`, which the host calls before it sends the responses.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.errors import Busy, Conflict, PetriError
from chalicelib.storage.engine import (
    ANY,
    PAGE_BYTES,
    Check,
    Delete,
    Item,
    ItemPage,
    Key,
    Put,
    Write,
    project,
    require_page,
)
from chalicelib.storage.serialization_errors import unserializable_item

from .sql_views import VIEWS

#: How long to wait for another process's lock, in seconds.
BUSY_TIMEOUT = 30.0
#: The error code for another process's lock; a host waits and retries.
FILE_LOCKED = "file_locked"
#: The error code of a change that was tried through a connection that only reads.
STORE_READ_ONLY = "store_read_only"
#: Seconds after which a request that couldn't be written is retried.
AGAIN = 10.0
#: SQLite's error codes for a file that can't be written, with the meaning and the fix.
_UNWRITABLE = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space; what participants send is asked for again.",
    sqlite3.SQLITE_READONLY: "it may only be read. Allow writing to the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "it, or a file beside it, can't be opened. Check the folder's rights.",
    sqlite3.SQLITE_IOERR: "the disk reports an error. Look at the disk, and at how much space is left.",
    sqlite3.SQLITE_PERM: "it may not be opened. Allow reading and writing the file and its folder.",
}
logger = logging.getLogger("petri.storage")
#: The part of SQLite's extended error codes that names the kind of error.
PRIMARY_CODE = 0xFF
#: How many items of a collection are in memory as text at a time: one may have hundreds of kilobytes.
DECODED_AT_ONCE = 50

#: Rows are in the order of insertion, which writes half as many pages as the order of keys: bodies are long,
#: and keys are scattered. An index by kind would cost more than the views gain from it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS item (
    pk TEXT NOT NULL, sk TEXT NOT NULL, v INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
);
"""


class SQLiteEngine:
    """Items in one table of one file, with a write-ahead log; one connection for each thread."""

    max_writes = 1_000_000
    max_bytes = 1 << 30
    shows_whole_commits = True
    deletes_expired = False

    def __init__(
        self,
        path: Path | str,
        *,
        sync_later: bool = False,
        busy_timeout: float = BUSY_TIMEOUT,
        read_only: bool = False,
    ) -> None:
        """Open the file, and create it and its views if it is new; PetriError when it can't be written.

        `sync_later`: commits reach the disk with the next `sync()`. A power cut before that loses the latest
        commits, whole and in order; a crash of the process loses nothing. `busy_timeout`: how many seconds to
        wait for another process's lock. `read_only`: the file exists, and nothing is written to it; a change
        is refused with Busy (STORE_READ_ONLY).
        """
        self.path = Path(path)
        self._busy_timeout = busy_timeout
        self._read_only = read_only
        self._sync_later = sync_later
        self._log: int | None = None
        #: whether something was committed that a power cut could still take away
        self.unsynced = False
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        # In one transaction: two processes may open a new file at the same moment.
        try:
            opened = self._connection
            if read_only:
                opened.execute("SELECT 1 FROM item LIMIT 1")
                return
            opened.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT * 1000)}")
            opened.executescript(f"BEGIN IMMEDIATE; {SCHEMA} {VIEWS} COMMIT;")
            opened.execute(f"PRAGMA busy_timeout={int(busy_timeout * 1000)}")
        except sqlite3.DatabaseError as error:
            self._discard()
            raise why_unusable(self.path, error) from error

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None or self._closed:
            connection = self._open()
            self._local.connection = connection
        return connection

    def _open(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise PetriError(f"{self.path} is closed: the run has ended.")
            how: dict[str, Any] = {"uri": True} if self._read_only else {}
            connection: sqlite3.Connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode=ro" if self._read_only else self.path,
                timeout=self._busy_timeout,
                isolation_level=None,
                check_same_thread=False,
                **how,
            )
            self._all.append(connection)
            if self._read_only:
                connection.execute("PRAGMA query_only=1")
                return connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'NORMAL' if self._sync_later else 'FULL'}")
            return connection

    def get(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return the items that exist under these keys."""
        # One look-up for each key: SQLite would scan the table for a list of pairs.
        look_up = self._connection.execute
        found: dict[Key, Item] = {}
        for key in dict.fromkeys(keys):
            row = look_up("SELECT body FROM item WHERE pk = ? AND sk = ?", key).fetchone()
            if row is not None:
                found[key] = _decode(row[0])[0]
        return found

    def get_isolated(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Return a consistent snapshot of the items under these keys."""
        connection = self._connection
        connection.execute("BEGIN")
        try:
            return self.get(keys)
        finally:
            connection.execute("COMMIT")

    def query(self, pk: str, prefix: str = "") -> Iterator[Item]:
        """Yield a collection's items whose sk begins with the prefix, in order of sk."""
        yield from self._rows("pk = ? AND sk >= ? AND sk < ?", (pk, prefix, prefix + "\U0010ffff"))

    def count(self, pk: str, prefix: str = "") -> int:
        """Return how many items of a collection have an sk that begins with the prefix."""
        sql = "SELECT count(*) FROM item WHERE pk = ? AND sk >= ? AND sk < ?"
        values = (pk, prefix, prefix + "\U0010ffff")
        number: int = self._connection.execute(sql, values).fetchone()[0]
        return number

    def query_each(self, pks: Sequence[str], prefix: str = "") -> Iterator[Item]:
        """Yield the items of several collections, one after the other."""
        yield from self._rows(*_of_each(pks, prefix), order="pk, sk")

    def query_known(self, pk: str, known: Mapping[str, Item]) -> Iterator[Item]:
        """Yield a collection's items, in order of sk; known items aren't decoded again."""
        rows = self._connection.execute("SELECT sk, v, body FROM item WHERE pk = ? ORDER BY sk", (pk,))
        for sk, version, body in rows.fetchall():
            item = known.get(sk)
            yield item if item is not None and item["v"] == version else _decode(body)[0]

    def count_each(self, pks: Sequence[str], prefix: str = "") -> int:
        """Return the total number of items in several collections."""
        where, values = _of_each(pks, prefix)
        sql = f"SELECT count(*) FROM item WHERE {where}"  # noqa: S608 - only words of this module
        number: int = self._connection.execute(sql, values).fetchone()[0]
        return number

    def query_until(self, pk: str, last: str) -> Iterator[Item]:
        """Yield a collection's items whose sk is not after `last`, in order of sk."""
        yield from self._rows("pk = ? AND sk <= ?", (pk, last))

    def _rows(self, where: str, values: tuple[str, ...], order: str = "sk") -> Iterator[Item]:
        sql = f"SELECT body FROM item WHERE {where} ORDER BY {order}"  # noqa: S608 - only words of this module
        rows = self._connection.execute(sql, values)
        # Decoded together: a call for each of many small items takes longer than the decoding.
        while bodies := rows.fetchmany(DECODED_AT_ONCE):
            yield from _decode(f"[{','.join([body for (body,) in bodies])}]")[0]

    def page(
        self,
        pk: str,
        *,
        prefix: str = "",
        after: str | None = None,
        limit: int = 50,
        fields: Collection[str] | None = None,
        newest_first: bool = False,
    ) -> ItemPage:
        """Return at most `limit` items of a collection, with the cursor of the next page."""
        require_page(prefix, after, limit)
        if newest_first:
            order, first, last = "DESC", "sk >= ?", "sk < ?"
            ends = (prefix, prefix + "\U0010ffff" if after is None else after)
        else:
            order, first, last = "ASC", "sk >= ?" if after is None else "sk > ?", "sk < ?"
            ends = (prefix if after is None else after, prefix + "\U0010ffff")
        rows = self._connection.execute(
            f"SELECT sk, body FROM item WHERE pk = ? AND {first} AND {last} "  # noqa: S608 - own words
            f"ORDER BY sk {order} LIMIT ?",
            (pk, *ends, limit + 1),
        )
        return _page(rows, limit, fields)

    def get_fields(self, keys: Iterable[Key], fields: Collection[str]) -> dict[Key, Item]:
        """Return these fields of the items that exist under these keys."""
        return {key: project(item, fields) for key, item in self.get(keys).items()}

    def commit(self, writes: Sequence[Write]) -> None:
        """Write everything or nothing; raise Conflict when an expectation fails."""
        with self._writing() as connection:
            for write in writes:
                self._apply(connection, write)
        self.unsynced = self._sync_later

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock for a block, which is committed atomically.

        Busy when another process keeps the lock longer than SQLite waits for it: nothing is written then.
        """
        if self._read_only:
            self._local.refused = True
            raise Busy("This connection only reads the run's file.", code=STORE_READ_ONLY)
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            _roll_back(connection)
            raise _not_written(self.path, error) from error
        except BaseException:
            _roll_back(connection)
            raise

    @staticmethod
    def _apply(connection: sqlite3.Connection, write: Write) -> None:
        if isinstance(write, Check):
            _check(connection, write)
        elif isinstance(write, Delete):
            _delete(connection, write)
        else:
            _put(connection, write)

    def increment(self, key: Key, by: int = 1) -> int:
        """Add to the counter at a key and return the new value."""
        own = self._connection
        if not (self._sync_later or self._read_only):
            # The request commits later in the same log, which makes this commit durable too.
            own.execute("PRAGMA synchronous=NORMAL")
        try:
            with self._writing() as connection:
                row = connection.execute("SELECT v FROM item WHERE pk = ? AND sk = ?", key).fetchone()
                value: int = by + (row[0] if row else 0)
                item = {"pk": key[0], "sk": key[1], "kind": "counter", "v": value}
                connection.execute(
                    "INSERT OR REPLACE INTO item (pk, sk, v, kind, body) VALUES (?, ?, ?, ?, ?)", _row(item)
                )
        finally:
            if not (self._sync_later or self._read_only):
                own.execute("PRAGMA synchronous=FULL")
        return value

    def delete_expired(self, prefix: str, now: float, limit: int) -> int:
        """Delete at most `limit` items of a range of keys whose `expires` has passed; return how many."""
        with self._writing() as connection:
            deleted = connection.execute(
                "DELETE FROM item WHERE rowid IN (SELECT rowid FROM item WHERE pk >= ? AND pk < ? "
                "AND json_type(body, '$.expires') IN ('integer', 'real') "
                "AND json_extract(body, '$.expires') <= ? LIMIT ?)",
                (prefix, prefix + "\U0010ffff", now, limit),
            )
        self.unsynced = self._sync_later
        return deleted.rowcount

    def took_refusal(self) -> bool:
        """Return whether a change was refused in this thread since the last call, because this only reads."""
        refused = bool(getattr(self._local, "refused", False))
        self._local.refused = False
        return refused

    def sync(self) -> None:
        """Write all commits since the last call to the disk at once."""
        if not self.unsynced:
            return
        if self._log is None:
            self._log = os.open(f"{self.path}-wal", os.O_RDWR)
        self.unsynced = False
        try:
            os.fsync(self._log)
        except OSError:
            self.unsynced = True
            raise

    def _discard(self) -> None:
        """Close the connections to a file that can't be used."""
        self._closed = True
        for connection in self._all:
            connection.close()
        self._all.clear()

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log into the file."""
        self.sync()
        with self._guard:
            self._closed = True
            for connection in self._all:
                connection.close()
            self._all.clear()
            if self._log is not None:
                os.close(self._log)
                self._log = None


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite has already rolled back if the disk is full.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _not_written(path: Path, error: sqlite3.OperationalError) -> Exception:
    """Return the error for a failed write: Busy if a retry may help; the log gives the operator the cause."""
    code = error.sqlite_errorcode & PRIMARY_CODE
    if code == sqlite3.SQLITE_BUSY:
        return Busy(
            "Another process keeps the run's file locked, so nothing was written. Close the program that "
            "has it open; then retry the same request.",
            code=FILE_LOCKED,
        )
    if code not in _UNWRITABLE:
        return error
    logger.error("Nothing can be written to %s: %s", path, _UNWRITABLE[code])
    return Busy(
        "This study can't save anything at the moment, and its operator has been told. Leave this page "
        "open: it tries again by itself.",
        code="file_not_writable",
        retry_after=AGAIN,
    )


def why_unusable(path: Path, error: sqlite3.DatabaseError) -> PetriError:
    """Return a readable reason why a file can't be opened as a run's."""
    code = error.sqlite_errorcode & PRIMARY_CODE
    if code == sqlite3.SQLITE_BUSY:
        return Busy(
            f"{path} is locked by another program. Close it, and run the command again.", code=FILE_LOCKED
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return PetriError(
            f"{path} is damaged ({error}). Keep a copy of it and of the files beside it, then save what is "
            "intact with: petri export --salvage"
        )
    return PetriError(f"{path} can't be used: {_UNWRITABLE.get(code, f'SQLite says: {error}.')}")


def _of_each(pks: Sequence[str], prefix: str) -> tuple[str, tuple[str, ...]]:
    """Return the SQL condition for several collections, and its parameters."""
    where = f"pk IN ({', '.join('?' * len(pks))}) AND sk >= ? AND sk < ?"
    return where, (*pks, prefix, prefix + "\U0010ffff")


_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def _page(rows: sqlite3.Cursor, limit: int, fields: Collection[str] | None) -> ItemPage:
    """Decode the rows of a page. SQLite's json_extract would be as fast, but turns true into 1."""
    items: list[Item] = []
    last = ""
    size = 0
    for sk, body in rows:
        size += len(body)
        if items and (len(items) == limit or size > PAGE_BYTES):
            rows.close()
            return ItemPage(items, last)
        items.append(project(_decode(body)[0], fields))
        last = sk
    return ItemPage(items, None)


def _row(item: Item) -> tuple[Any, ...]:
    try:
        body = _encode(item)
    except (TypeError, ValueError, RecursionError) as error:
        raise unserializable_item(item, error) from None
    return item["pk"], item["sk"], item["v"], item["kind"], body


def _put(connection: sqlite3.Connection, write: Put) -> None:
    row = _row(write.item)
    if write.expect is None:
        try:
            connection.execute("INSERT INTO item (pk, sk, v, kind, body) VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise Conflict(f"{write.key} was made by another request.") from error
    elif write.expect is ANY:
        connection.execute("INSERT OR REPLACE INTO item (pk, sk, v, kind, body) VALUES (?, ?, ?, ?, ?)", row)
    else:
        pk, sk, version, kind, body = row
        done = connection.execute(
            "UPDATE item SET v = ?, kind = ?, body = ? WHERE pk = ? AND sk = ? AND v = ?",
            (version, kind, body, pk, sk, write.expect),
        )
        if done.rowcount != 1:
            raise Conflict(f"{write.key} was changed by another request.")


def _delete(connection: sqlite3.Connection, write: Delete) -> None:
    pk, sk = write.key
    if write.expect is ANY:
        connection.execute("DELETE FROM item WHERE pk = ? AND sk = ?", (pk, sk))
        return
    done = connection.execute("DELETE FROM item WHERE pk = ? AND sk = ? AND v = ?", (pk, sk, write.expect))
    if done.rowcount != 1:
        raise Conflict(f"{write.key} was changed by another request.")


def _check(connection: sqlite3.Connection, write: Check) -> None:
    row = connection.execute("SELECT v FROM item WHERE pk = ? AND sk = ?", write.key).fetchone()
    if (row[0] if row else None) != write.expect:
        raise Conflict(f"{write.key} was changed by another request.")
