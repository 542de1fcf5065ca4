"""A unit of work over an empty file, and a clean register of authors' classes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.model import record_classes
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


@pytest.fixture
def own_classes() -> Iterator[None]:
    """Forget the classes that a test defines: a cascade of its own would slow every other test down."""
    yield
    record_classes.clear_cache()
    gc.collect()
