"""A unit of work over an empty file, and a clean register of authors' classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.model.things import NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def work(engine: SQLiteEngine) -> Iterator[EngineUnitOfWork]:
    with EngineUnitOfWork(engine, NOW) as work:
        yield work
