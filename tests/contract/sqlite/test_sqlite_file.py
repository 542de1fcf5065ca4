"""What only SQLite does: how durable a connection is, who else has the file, what can't be written."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chalicelib.errors import Busy, Conflict, PetriError
from chalicelib.storage.engine import ANY, Check, Delete, Put
from chalicelib.storage.sqlite import sqlite_engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine, why_unusable
from tests.contract.engines import an_item, stored

COUNTER = ("counter", "a")
NORMAL, FULL = 1, 2
LOCKED = (
    "Another process keeps the run's file locked, so nothing was written. Close the program that "
    "has it open; then retry the same request."
)


def asked(engine: SQLiteEngine, pragma: str) -> Any:
    return engine._connection.execute(f"PRAGMA {pragma}").fetchone()[0]


Found = TypeVar("Found")


def in_a_thread(act: Callable[[], Found]) -> Found:
    found: list[Found] = []
    thread = threading.Thread(target=lambda: found.append(act()))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def late(tmp_path: Path) -> Iterator[SQLiteEngine]:
    """An engine whose commits reach the disk with the next sync."""
    engine = SQLiteEngine(tmp_path / "run.sqlite", sync_later=True)
    yield engine
    engine.close()


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were synced."""
    names: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda file: names.append(Path(f"/proc/self/fd/{file}").readlink().name))
    return names


@pytest.fixture
def locked(sqlite: SQLiteEngine) -> Iterator[sqlite3.Connection]:
    """The file's write lock, held by another program; every engine gives up at once."""
    sqlite._connection.execute("PRAGMA busy_timeout=0")
    other = sqlite3.connect(sqlite.path, isolation_level=None, timeout=0)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


# -- connections ----------------------------------------------------------------------------------


def test_each_commit_is_on_the_disk_when_it_returns(sqlite: SQLiteEngine) -> None:
    assert (asked(sqlite, "synchronous"), asked(sqlite, "journal_mode")) == (FULL, "wal")
    assert in_a_thread(lambda: (asked(sqlite, "synchronous"), asked(sqlite, "journal_mode"))) == (FULL, "wal")
    sqlite.commit([Put(an_item())])
    assert not sqlite.unsynced


def test_a_commit_may_reach_the_disk_with_the_next_sync(late: SQLiteEngine) -> None:
    assert (asked(late, "synchronous"), asked(late, "journal_mode")) == (NORMAL, "wal")


def test_each_thread_has_one_connection(sqlite: SQLiteEngine) -> None:
    own = sqlite._connection
    assert sqlite._connection is own
    assert in_a_thread(lambda: sqlite._connection is own) is False
    assert in_a_thread(lambda: sqlite._connection is sqlite._connection)


def test_closing_closes_the_connections_of_all_threads(sqlite: SQLiteEngine) -> None:
    connections = [sqlite._connection, in_a_thread(lambda: sqlite._connection)]
    sqlite.close()
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    with pytest.raises(PetriError, match="the run has ended"):
        in_a_thread_raising(lambda: sqlite.get([("a", "b")]))
    assert not Path(f"{sqlite.path}-wal").exists()


def in_a_thread_raising(act: Callable[[], object]) -> None:
    def caught() -> BaseException | None:
        try:
            act()
        except PetriError as error:
            return error
        return None

    error = in_a_thread(caught)
    assert error is not None
    raise error


@pytest.mark.parametrize("seconds", [0.25, 7.0])
def test_a_lock_is_waited_for_as_long_as_the_caller_says(tmp_path: Path, seconds: float) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite", busy_timeout=seconds)
    assert asked(engine, "busy_timeout") == seconds * 1000
    assert in_a_thread(lambda: asked(engine, "busy_timeout")) == seconds * 1000
    engine.close()


def test_without_a_word_of_the_caller_a_lock_is_waited_for_half_a_minute(sqlite: SQLiteEngine) -> None:
    assert asked(sqlite, "busy_timeout") == 30_000
    assert in_a_thread(lambda: asked(sqlite, "busy_timeout")) == 30_000


def test_another_process_that_makes_the_tables_is_waited_for_half_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*given: Any, **named: Any) -> sqlite3.Connection:
        opened: sqlite3.Connection = connect(*given, **named)
        opened.set_trace_callback(statements.append)
        return opened

    monkeypatch.setattr(sqlite3, "connect", traced)
    SQLiteEngine(tmp_path / "run.sqlite", busy_timeout=0.5).close()
    begun = statements.index("BEGIN IMMEDIATE;")
    assert statements[begun - 1] == "PRAGMA busy_timeout=30000"
    assert statements[-1] == "PRAGMA busy_timeout=500"


def test_views_can_be_read_by_any_sqlite_tool(sqlite: SQLiteEngine) -> None:
    with sqlite3.connect(sqlite.path) as other:
        names = {name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    other.close()
    assert {"participant", "network", "node", "info", "payment", "response", "trial"} <= names


def test_a_connection_that_only_reads_can_change_nothing(sqlite: SQLiteEngine) -> None:
    reader = SQLiteEngine(sqlite.path, read_only=True)
    assert (asked(reader, "query_only"), asked(sqlite, "query_only")) == (1, 0)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM item")
    reader.close()


def test_a_file_that_only_may_be_read_has_to_be_a_runs(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    sqlite3.connect(path).execute("CREATE TABLE other (a)").connection.close()
    with pytest.raises(PetriError, match="no such table: item"):
        SQLiteEngine(path, read_only=True)


def test_a_file_whose_name_has_signs_of_addresses_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?mode=rw.sqlite"
    engine = SQLiteEngine(path)
    engine.commit([Put(an_item())])
    reader = SQLiteEngine(path, read_only=True)
    assert stored(reader) == an_item()
    reader.close()
    engine.close()


# -- syncing --------------------------------------------------------------------------------------


def test_a_sync_writes_the_journal_of_all_commits_since_the_last(
    late: SQLiteEngine, syncs: list[str]
) -> None:
    late.sync()
    late.commit([Put(an_item("b"))])
    late.commit([Put(an_item("c"))])
    assert (late.unsynced, syncs) == (True, [])
    late.sync()
    late.sync()
    assert (late.unsynced, syncs) == (False, ["run.sqlite-wal"])
    assert late.delete_expired("a", 0, 1) == 0
    assert late.unsynced
    late.close()
    assert syncs == ["run.sqlite-wal"] * 2


def test_a_sync_that_fails_is_tried_again(late: SQLiteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(5, "Input/output error")

    late.commit([Put(an_item())])
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            late.sync()
    assert late.unsynced
    late.sync()
    assert not late.unsynced


def test_the_journal_that_was_synced_is_closed(late: SQLiteEngine) -> None:
    late.commit([Put(an_item())])
    late.sync()
    journal = late._log
    assert journal is not None
    late.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(journal)
    late.close()


@pytest.mark.parametrize("sync_later", [False, True])
def test_a_counter_is_made_durable_by_the_commit_that_follows(tmp_path: Path, sync_later: bool) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite", sync_later=sync_later)
    levels: list[int] = []

    class Watched(SQLiteEngine):
        def _writing(self) -> Any:
            levels.append(asked(self, "synchronous"))
            return super()._writing()

    engine.__class__ = Watched
    assert [engine.increment(COUNTER), engine.increment(COUNTER, 5)] == [1, 6]
    assert (levels, engine.unsynced) == ([NORMAL, NORMAL], False)
    assert asked(engine, "synchronous") == (NORMAL if sync_later else FULL)
    assert stored(engine, "a", "counter") == {"pk": "counter", "sk": "a", "kind": "counter", "v": 6}
    engine.close()


# -- writes that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        Put(an_item(v=3), 2),
        Put(an_item()),
        Delete(("a", "b"), 2),
        Check(("a", "b"), 2),
        Check(("a", "b"), None),
        Check(("a", "none"), 1),
        Put(an_item(of={1}), ANY),
    ],
)
def test_a_commit_that_fails_writes_nothing_and_lets_the_file_go(sqlite: SQLiteEngine, write: Any) -> None:
    sqlite.commit([Put(an_item())])
    with pytest.raises((Conflict, PetriError)):
        sqlite.commit([Put(an_item("before")), write, Put(an_item("after"))])
    assert not sqlite._connection.in_transaction
    assert list(sqlite.query("a")) == [an_item()]
    other = SQLiteEngine(sqlite.path, busy_timeout=0)
    other.commit([Put(an_item("other"))])
    other.close()


def test_a_write_to_a_locked_file_is_refused_with_its_code(
    sqlite: SQLiteEngine, locked: sqlite3.Connection
) -> None:
    acts: list[Callable[[], object]] = [
        lambda: sqlite.commit([Put(an_item())]),
        lambda: sqlite.increment(COUNTER),
        lambda: sqlite.delete_expired("a", 0, 1),
    ]
    for act in acts:
        with pytest.raises(Busy) as refused:
            act()
        assert str(refused.value) == LOCKED
        assert refused.value.code == "file_locked"
    assert asked(sqlite, "synchronous") == FULL
    locked.execute("ROLLBACK")
    assert (stored(sqlite), stored(sqlite, *COUNTER[::-1])) == (None, None)
    sqlite.commit([Put(an_item())])


def test_a_file_that_another_program_locks_cannot_be_opened_as_a_runs(
    sqlite: SQLiteEngine, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_engine, "BUSY_TIMEOUT", 0.0)
    with pytest.raises(Busy, match=r"run\.sqlite is locked by another program") as refused:
        SQLiteEngine(sqlite.path, busy_timeout=0)
    assert refused.value.code == "file_locked"


def test_on_a_full_disk_a_write_is_refused_whole_and_may_be_retried(
    sqlite: SQLiteEngine, caplog: pytest.LogCaptureFixture
) -> None:
    sqlite.commit([Put(an_item())])
    pages = asked(sqlite, "page_count")
    sqlite._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Busy, match="can't save anything") as refused:
        sqlite.commit([Put(an_item("c")), Put(an_item("large", contents="x" * 100_000))])
    assert (refused.value.code, refused.value.retry_after) == ("file_not_writable", 10.0)
    assert "run.sqlite: the disk is full" in caplog.text
    assert not sqlite._connection.in_transaction
    assert list(sqlite.query("a")) == [an_item()]
    sqlite._connection.execute("PRAGMA max_page_count=100000")
    sqlite.commit([Put(an_item("c"))])


def test_an_error_that_no_retry_repairs_stays_what_it_is(sqlite: SQLiteEngine) -> None:
    sqlite._connection.execute("DROP TABLE item")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        sqlite.commit([Put(an_item())])
    assert not sqlite._connection.in_transaction


def test_a_folder_is_not_a_runs_file(tmp_path: Path) -> None:
    with pytest.raises(PetriError, match=r"can't be opened\. Check the folder's rights"):
        SQLiteEngine(tmp_path)


def test_a_file_of_another_kind_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(PetriError, match=r"run\.sqlite is damaged .*petri export --salvage"):
        SQLiteEngine(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_CORRUPT_VTAB, "is damaged"),
        (sqlite3.SQLITE_IOERR_READ, "the disk reports an error"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "it may only be read"),
        (sqlite3.SQLITE_PERM, "it may not be opened"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is locked"),
        (sqlite3.SQLITE_SCHEMA, "SQLite says: the reason"),
    ],
)
def test_each_kind_of_error_has_a_reason(code: int, words: str) -> None:
    error = sqlite3.DatabaseError("the reason")
    error.sqlite_errorcode = code
    assert words in str(why_unusable(Path("run.sqlite"), error))


# -- reads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 49, 50, 51, 100, 101])
def test_each_item_of_a_collection_is_read_once_however_many_are_decoded_at_a_time(
    sqlite: SQLiteEngine, number: int
) -> None:
    items = [an_item(f"{each:03}") for each in range(number)]
    sqlite.commit([Put(item) for item in items])
    assert list(sqlite.query("a")) == items


def test_known_items_are_returned_as_they_are_unless_their_version_is_another(sqlite: SQLiteEngine) -> None:
    sqlite.commit([Put(an_item(sk, v=2)) for sk in "dbc"])
    known = {"b": an_item("b", v=2), "c": an_item("c", v=1), "x": an_item("x")}
    found = list(sqlite.query_known("a", known))
    assert found == [an_item(sk, v=2) for sk in "bcd"]
    assert found[0] is known["b"]


def test_an_isolated_read_sees_one_moment_and_ends(sqlite: SQLiteEngine) -> None:
    other = SQLiteEngine(sqlite.path)
    sqlite.commit([Put(an_item(sk)) for sk in "bc"])

    def meanwhile(sql: str) -> None:
        if sql.startswith("SELECT") and "'c'" in sql:
            other.commit([Put(an_item("c", v=2), 1)])

    sqlite._connection.set_trace_callback(meanwhile)
    found = sqlite.get_isolated([("a", "b"), ("a", "c")])
    sqlite._connection.set_trace_callback(None)
    assert [item["v"] for item in found.values()] == [1, 1]
    assert not sqlite._connection.in_transaction
    found_later = stored(sqlite, "c")
    assert found_later is not None
    assert found_later["v"] == 2
    other.close()


def test_an_isolated_read_that_fails_ends_too(sqlite: SQLiteEngine) -> None:
    def keys() -> Iterator[tuple[str, str]]:
        yield "a", "b"
        raise KeyError("mine")

    with pytest.raises(KeyError):
        sqlite.get_isolated(keys())
    assert not sqlite._connection.in_transaction


def test_a_page_ends_where_its_items_exceed_a_megabyte(
    sqlite: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [an_item(sk, contents="x" * 500) for sk in "bcd"]
    sqlite.commit([Put(item) for item in items])
    body = len(json.dumps(items[0], separators=(",", ":")))
    monkeypatch.setattr(sqlite_engine, "PAGE_BYTES", 2 * body)
    page = sqlite.page("a")
    assert (page.items, page.after) == (items[:2], "c")
    monkeypatch.setattr(sqlite_engine, "PAGE_BYTES", 2 * body - 1)
    assert sqlite.page("a").after == "b"
    monkeypatch.setattr(sqlite_engine, "PAGE_BYTES", 1)
    page = sqlite.page("a", after="c")
    assert (page.items, page.after) == (items[2:], None)


def test_a_page_has_fifty_items_where_no_number_is_asked_for(sqlite: SQLiteEngine) -> None:
    sqlite.commit([Put(an_item(f"{number:02}")) for number in range(51)])
    page = sqlite.page("a")
    assert (len(page.items), page.after) == (50, "49")


def test_items_are_stored_as_compact_json_in_their_own_script(sqlite: SQLiteEngine) -> None:
    sqlite.commit([Put(an_item(contents="é"))])
    ((body,),) = sqlite._connection.execute("SELECT body FROM item")
    assert body == '{"pk":"a","sk":"b","kind":"info","v":1,"contents":"é"}'
