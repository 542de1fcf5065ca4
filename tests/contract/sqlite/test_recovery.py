"""What is intact in a damaged file is copied, what isn't is counted, and the damaged file stays as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.errors import PetriError
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite import recovery
from chalicelib.storage.sqlite.recovery import RecoveryResult, recover_file
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.engines import an_item

PAGE = 4096
TABLE_LEAF, INDEX_LEAF = 0x0D, 0x0A


@pytest.fixture
def into(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "into.sqlite")
    yield engine
    engine.close()


def a_file(tmp_path: Path, number: int, *, size: int = 300) -> Path:
    """Return a closed file with so many items."""
    engine = SQLiteEngine(tmp_path / "damaged.sqlite")
    engine.commit([Put(an_item(f"{each:05}", v=each + 1, contents="é" * size)) for each in range(number)])
    engine.close()
    return engine.path


def changed(path: Path, column: str, value: object) -> None:
    """Change a row as no version of Petri would."""
    with sqlite3.connect(path) as other:
        other.execute(f"UPDATE item SET {column} = ? WHERE sk = '00001'", (value,))  # noqa: S608 - own words
    other.close()


def pages_of(path: Path, kind: int) -> list[int]:
    contents = path.read_bytes()
    starts = range(PAGE, len(contents), PAGE)
    return [
        start // PAGE
        for start in starts
        if contents[start] == kind
        and (b'"kind":"info"' in contents[start : start + PAGE]) == (kind == TABLE_LEAF)
    ]


def rows_on(path: Path, page: int) -> int:
    return int.from_bytes(path.read_bytes()[page * PAGE + 3 : page * PAGE + 5], "big")


def overwrite(path: Path, *pages: int) -> None:
    contents = bytearray(path.read_bytes())
    for page in pages:
        contents[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    path.write_bytes(contents)


@pytest.mark.parametrize("number", [1, 499, 500, 501, 1001])
def test_an_intact_file_is_copied_completely(tmp_path: Path, into: SQLiteEngine, number: int) -> None:
    path = a_file(tmp_path, number, size=1)
    before = path.read_bytes()
    assert recover_file(path, into) == RecoveryResult(number, 0)
    assert list(into.query("a")) == [
        an_item(f"{each:05}", v=each + 1, contents="é") for each in range(number)
    ]
    versions = into._connection.execute("SELECT v FROM item ORDER BY sk").fetchall()
    assert versions == [(each + 1,) for each in range(number)]
    assert path.read_bytes() == before


def test_what_the_journal_holds_is_copied_too(tmp_path: Path, into: SQLiteEngine) -> None:
    engine = SQLiteEngine(tmp_path / "open.sqlite")
    engine.commit([Put(an_item())])
    assert recover_file(engine.path, into) == RecoveryResult(1, 0)
    engine.close()


@pytest.mark.parametrize("number", [40, 1200])
def test_the_rows_of_a_damaged_page_are_counted_and_all_others_are_copied(
    tmp_path: Path, into: SQLiteEngine, number: int
) -> None:
    path = a_file(tmp_path, number)
    page = pages_of(path, TABLE_LEAF)[1]
    on_page = rows_on(path, page)
    overwrite(path, page)
    assert recover_file(path, into) == RecoveryResult(number - on_page, on_page)
    assert into.count("a") == number - on_page


def test_without_its_index_a_file_is_copied_and_the_rows_that_are_missing_are_counted(
    tmp_path: Path, into: SQLiteEngine
) -> None:
    path = a_file(tmp_path, 400)
    page = pages_of(path, TABLE_LEAF)[1]
    on_page = rows_on(path, page)
    overwrite(path, page, *pages_of(path, INDEX_LEAF))
    assert recover_file(path, into) == RecoveryResult(400 - on_page, on_page)


def test_where_the_last_rows_are_damaged_the_index_says_how_many_there_are(
    tmp_path: Path, into: SQLiteEngine
) -> None:
    path = a_file(tmp_path, 400)
    page = pages_of(path, TABLE_LEAF)[-1]
    on_page = rows_on(path, page)
    overwrite(path, page)
    assert recover_file(path, into) == RecoveryResult(400 - on_page, on_page)


def test_where_no_number_can_be_read_the_size_of_the_file_bounds_the_rows(
    tmp_path: Path, into: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(tmp_path, 400)
    overwrite(path, pages_of(path, TABLE_LEAF)[-1], *pages_of(path, INDEX_LEAF))
    found = recover_file(path, into)
    assert found.read == into.count("a") > 300
    assert found.read + found.lost == path.stat().st_size // recovery.MIN_BYTES


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", "{"),
        ("body", "[]"),
        ("body", "null"),
        ("body", "{}"),
        ("body", b"\xff"),
        ("body", 12),
        ("body", "[" * 100_000),
        ("body", '{"pk":"a","sk":"00001","kind":"info"}'),
        ("body", '{"pk":"a","sk":"00001","kind":"info","v":"two"}'),
        ("body", '{"pk":"b","sk":"00001","kind":"info","v":2}'),
        ("pk", "b"),
        ("sk", "x"),
        ("kind", "node"),
    ],
)
def test_a_row_that_contradicts_itself_is_lost_and_no_other(
    tmp_path: Path, into: SQLiteEngine, column: str, value: object
) -> None:
    path = a_file(tmp_path, 3)
    changed(path, column, value)
    assert recover_file(path, into) == RecoveryResult(2, 1)
    assert [item["sk"] for item in into.query("a")] == ["00000", "00002"]


@pytest.mark.parametrize("version", ["x", b"\xff", 99])
def test_a_row_whose_version_alone_is_damaged_is_copied(
    tmp_path: Path, into: SQLiteEngine, version: object
) -> None:
    path = a_file(tmp_path, 3)
    changed(path, "v", version)
    assert recover_file(path, into) == RecoveryResult(3, 0)
    assert into._connection.execute("SELECT v FROM item WHERE sk = '00001'").fetchone() == (2,)


def test_a_file_of_which_nothing_can_be_read_is_refused(tmp_path: Path, into: SQLiteEngine) -> None:
    path = tmp_path / "damaged.sqlite"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(PetriError, match=r"Nothing in .*damaged\.sqlite can be read"):
        recover_file(path, into)


def test_an_empty_run_has_nothing_to_recover(tmp_path: Path, into: SQLiteEngine) -> None:
    with pytest.raises(PetriError, match="look for an export or a backup"):
        recover_file(a_file(tmp_path, 0), into)


def test_a_missing_file_is_not_created(tmp_path: Path, into: SQLiteEngine) -> None:
    with pytest.raises(sqlite3.OperationalError):
        recover_file(tmp_path / "none.sqlite", into)
    assert not (tmp_path / "none.sqlite").exists()


def test_damage_is_isolated_with_few_queries(
    tmp_path: Path, into: SQLiteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(tmp_path, 1000)
    overwrite(path, pages_of(path, TABLE_LEAF)[1])
    queries: list[str] = []
    opened = recovery._opened

    def traced(damaged: Path) -> sqlite3.Connection:
        source = opened(damaged)
        source.set_trace_callback(queries.append)
        return source

    monkeypatch.setattr(recovery, "_opened", traced)
    recover_file(path, into)
    assert len(queries) < 60
