"""A connection that only reads a run's file sees every commit at once, and never changes anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.errors import Busy, PetriError
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import STORE_READ_ONLY, SQLiteEngine
from tests.contract.engines import an_item, stored


@pytest.fixture
def reader(sqlite: SQLiteEngine) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(sqlite.path, read_only=True)
    yield engine
    engine.close()


def test_a_commit_is_seen_at_once(sqlite: SQLiteEngine, reader: SQLiteEngine) -> None:
    assert stored(reader) is None
    sqlite.commit([Put(an_item())])
    assert stored(reader) == an_item()
    sqlite.commit([Put(an_item(v=2), 1)])
    assert list(reader.query("a")) == [an_item(v=2)]


def test_changes_are_refused_and_noted_once(sqlite: SQLiteEngine, reader: SQLiteEngine) -> None:
    sqlite.commit([Put(an_item())])
    for change in (lambda: reader.commit([Put(an_item(v=2), 1)]), lambda: reader.increment(("counter", "a"))):
        with pytest.raises(Busy) as refused:
            change()
        assert refused.value.code == STORE_READ_ONLY
        assert (reader.took_refusal(), reader.took_refusal()) == (True, False)
    assert stored(sqlite) == an_item()
    assert sqlite.count("counter") == 0


def test_a_page_may_be_read_while_another_connection_holds_the_file_locked(
    sqlite: SQLiteEngine, reader: SQLiteEngine
) -> None:
    sqlite.commit([Put(an_item())])
    with sqlite._writing():
        assert reader.page("a").items == [an_item()]


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    with pytest.raises(PetriError, match="can't be opened"):
        SQLiteEngine(path, read_only=True)
    assert not path.exists()
