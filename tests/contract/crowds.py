"""The engines of the tests of concurrency and crashes: as they are, refusing, in small steps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chalicelib.storage.engine import Engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.tools.moto_dynamodb import refuse_overlapping_transactions

#: Seconds that a transaction takes at DynamoDB, about.
TRANSACTION = 0.005


@pytest.fixture(params=["sqlite", "dynamodb", "refusing", "torn"])
def crowded(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine, DynamoDB's as AWS plays it, which refuses transactions that overlap, and torn commits."""
    if request.param != "refusing":
        yield request.getfixturevalue(request.param)
        return
    engine = request.getfixturevalue("dynamodb")
    with refuse_overlapping_transactions(engine, during=lambda: time.sleep(TRANSACTION)):
        yield engine


@pytest.fixture(params=["sqlite", "dynamodb", "torn"])
def shared(request: pytest.FixtureRequest) -> Engine:
    """Each engine, and one whose commits become visible item by item."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture(params=["sqlite", "dynamodb"])
def full_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Each engine, taking 100 writes at a time, as DynamoDB does."""
    engine: Engine = request.getfixturevalue(request.param)
    monkeypatch.setattr(engine, "max_writes", 100)
    return engine


@pytest.fixture(params=["sqlite", "dynamodb"])
def small_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Each engine, taking 100 writes at a time, or 13 where moto would need seconds for each look."""
    engine: Engine = request.getfixturevalue(request.param)
    monkeypatch.setattr(engine, "max_writes", 100 if isinstance(engine, SQLiteEngine) else 13)
    return engine


@pytest.fixture
def dead_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The holder of a lease is considered dead at once."""
    monkeypatch.setattr("chalicelib.storage.large_commits.LEASE_SECONDS", 0.0)
