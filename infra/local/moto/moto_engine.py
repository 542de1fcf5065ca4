"""DynamoDB inside this process, emulated by moto, to run the cloud's engine on a laptop.

By default, moto copies the whole table for every transaction and doesn't isolate threads' transactions. Here
it copies only the items that a transaction touches, and a lock serializes all calls. The data is lost when
the process ends, and no network is used.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from chalicelib.errors import PetriError
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine

REGION = "us-east-1"

NewEngine = Callable[[str], DynamoDBEngine]


@contextmanager
def started() -> Iterator[NewEngine]:
    """Emulate AWS inside the with block; yield a function that creates a table and its engine."""
    try:
        from moto import mock_aws
        from moto.core.config import DefaultConfig
    except ImportError as error:
        raise PetriError(
            "moto, which emulates DynamoDB, isn't installed; run pip install 'petri[rehearse]', "
            "or use the SQLite engine."
        ) from error
    with mock_aws(config=DefaultConfig()), isolated_transactions():
        yield _new_engine


def _new_engine(table_name: str = "petri") -> DynamoDBEngine:
    engine = DynamoDBEngine(table_name, REGION)
    engine.create_table()
    return engine


@contextmanager
def isolated_transactions() -> Iterator[None]:
    """Patch moto's DynamoDB: one lock for all calls, and transactions that copy only the items they touch."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table
    from moto.dynamodb.responses import DynamoHandler

    lock = threading.RLock()
    call, transact = DynamoHandler.call_action, DynamoDBBackend.transact_write_items

    def call_alone(handler: Any) -> Any:
        with lock:
            return call(handler)

    def transact_touched(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        before = [_touched(backend, item) for item in transact_items]
        try:
            transact(backend, transact_items)
        except Exception:
            for table, hash_key, range_key, item in before:
                _restore(table, hash_key, range_key, item)
            raise

    with ExitStack() as patches:
        patches.enter_context(patch.object(DynamoHandler, "call_action", call_alone))
        patches.enter_context(patch.object(DynamoDBBackend, "transact_write_items", transact_touched))
        # moto copies the table for a rollback; returning the table itself makes that rollback a no-op.
        patches.enter_context(patch.object(Table, "__deepcopy__", lambda table, _: table, create=True))
        yield


def _touched(backend: Any, write: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Return a table, an item's keys and a copy of the item, or None if it doesn't exist."""
    (operation,) = write.values()
    table = backend.get_table(operation["TableName"])
    hash_key, range_key = backend.get_keys_value(table, operation.get("Key") or operation["Item"])
    return table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key))


def _restore(table: Any, hash_key: Any, range_key: Any, item: Any) -> None:
    if item is None:
        table.items[hash_key].pop(range_key, None)
    else:
        table.items[hash_key][range_key] = item
