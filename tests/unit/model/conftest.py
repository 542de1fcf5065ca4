"""A unit of work over an empty file, and a clean register of authors' classes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.model import registry
from chalicelib.storage.sqlite import SQLiteEngine
from chalicelib.storage.work import UnitOfWork
from tests.unit.model.things import NOW


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def work(engine: SQLiteEngine) -> Iterator[UnitOfWork]:
    with UnitOfWork(engine, NOW) as work:
        yield work


@pytest.fixture
def own_classes() -> Iterator[None]:
    """Forget the classes that a test defines: a cascade of its own would slow every other test down."""
    yield
    registry.forget()
    gc.collect()
