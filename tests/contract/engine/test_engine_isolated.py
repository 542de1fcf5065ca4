"""Reading several items as they are at one moment."""

from __future__ import annotations

import pytest

from chalicelib.errors import Conflict
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.engine import Engine, Put
from tests.contract.engines import an_item
from tests.tools.moto_dynamodb import refuse_with


def test_isolated_reads_find_what_is_there(engine: Engine) -> None:
    engine.commit([Put(an_item("one")), Put(an_item("two", v=7))])
    found = engine.get_isolated([("a", "one"), ("a", "two"), ("a", "three")])
    assert {key: item["v"] for key, item in found.items()} == {("a", "one"): 1, ("a", "two"): 7}


def test_isolated_reads_of_more_than_a_hundred_items_find_all(engine: Engine) -> None:
    names = [f"{number:03d}" for number in range(130)]
    for start in (0, 65):
        engine.commit([Put(an_item(name)) for name in names[start : start + 65]])
    assert len(engine.get_isolated([("a", name) for name in names])) == 130


def test_an_isolated_read_of_nothing_finds_nothing(engine: Engine) -> None:
    assert engine.get_isolated([]) == {}


def test_an_isolated_read_during_a_transaction_is_a_conflict(own_dynamodb: DynamoDBEngine) -> None:
    refuse_with(own_dynamodb, "TransactGetItems", "TransactionConflictException")
    with pytest.raises(Conflict):
        own_dynamodb.get_isolated([("a", "one")])
