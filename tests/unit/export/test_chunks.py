"""The rows of each table can be read in parts: behind any position the rest follows, each row once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.export import TABLES, rows
from chalicelib.export.rows import chunks
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.unit.export.runs import a_run


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteEngine]:
    module = sys.modules[chunks.__module__]
    monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    yield engine
    engine.close()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_continues_behind_each_of_its_positions(engine: SQLiteEngine, table: str) -> None:
    position, found, parts = None, [], 0
    while (chunk := next(chunks(engine, table, position), None)) is not None:
        position, some = chunk
        found += some
        parts += 1
    assert found == list(rows(engine, table))
    assert parts > 1 or len(found) <= 1
