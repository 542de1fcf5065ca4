"""The engines that the contract suite runs over, and items to store in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.dynamodb.dynamodb_engine import SCHEMA, DynamoDBEngine
from chalicelib.storage.engine import Engine, Item
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.moto.moto_engine import REGION, started
from tests.tools.torn import TornEngine

TABLE = "petri-contract"


#: The address of another DynamoDB than moto's, in a process of its own: `make aws-evidence` sets it.
ELSEWHERE = os.environ.get("PETRI_TEST_DYNAMODB")


def new_engine(table: str, **more: Any) -> DynamoDBEngine:
    """Open a table of the DynamoDB that the suite runs over."""
    if ELSEWHERE is not None:
        more |= {"host": ELSEWHERE, "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return DynamoDBEngine(table, REGION, **more)


@pytest.fixture(scope="module")
def _moto() -> Iterator[DynamoDBEngine]:
    with started() if ELSEWHERE is None else nullcontext():
        engine = new_engine(TABLE)
        yield engine
        engine.close()


@pytest.fixture
def dynamodb(_moto: DynamoDBEngine) -> Iterator[DynamoDBEngine]:
    """The DynamoDB engine over moto, with an empty table; a new client takes 100 ms."""
    _moto.client.create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **SCHEMA)
    yield _moto
    _moto.client.delete_table(TableName=TABLE)


@pytest.fixture
def own_dynamodb(dynamodb: DynamoDBEngine) -> Iterator[DynamoDBEngine]:
    """An engine with a client of its own that a test may bend; each call is tried twice."""
    engine = new_engine(dynamodb.table_name, max_attempts=2)
    yield engine
    engine.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SQLiteEngine]:
    """The SQLite engine with a fresh file."""
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    yield engine
    engine.close()


@pytest.fixture
def torn(sqlite: SQLiteEngine) -> TornEngine:
    """An engine whose commits become visible item by item, with 5 ms between the first and the last."""
    return TornEngine(sqlite)


@pytest.fixture(params=["sqlite", "dynamodb"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, empty."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["sqlite", "own_dynamodb"])
def closed_engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, closed."""
    found: Engine = request.getfixturevalue(request.param)
    found.close()
    return found


def an_item(sk: str = "b", pk: str = "a", *, v: int = 1, kind: str = "info", **fields: Any) -> Item:
    """Return an item; its fields are those of its kind, or others."""
    return {"pk": pk, "sk": sk, "kind": kind, "v": v, **fields}


def stored(engine: Engine, sk: str = "b", pk: str = "a") -> Item | None:
    """Return the item under a key, or None."""
    return engine.get([(pk, sk)]).get((pk, sk))
