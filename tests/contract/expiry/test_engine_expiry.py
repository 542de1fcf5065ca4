"""Expired items are deleted: by SQLite when it is asked, by DynamoDB itself."""

from __future__ import annotations

from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.engine import Item, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

NOW = 1_000.0


def stored(pk: str, sk: str, expires: object) -> Item:
    fields = {} if expires is None else {"expires": expires}
    return {"pk": pk, "sk": sk, "kind": "api_answer", "v": 1, **fields}


def test_only_expired_items_of_the_range_are_deleted(sqlite: SQLiteEngine) -> None:
    items = [
        stored("api#ada", "past", 999),
        stored("api#ada", "now", 1_000.0),
        stored("api#ada", "later", 1_001),
        stored("api#bob", "past", 5),
        stored("api#bob", "text", "2020-01-01T00:00:00Z"),
        stored("api#bob", "none", None),
        stored("api", "before", 5),
        stored("apj", "behind", 5),
    ]
    sqlite.commit([Put(item) for item in items])
    assert sqlite.delete_expired("api#", NOW, 100) == 3
    kept = [item["sk"] for pk in ("api#ada", "api#bob", "api", "apj") for item in sqlite.query(pk)]
    assert kept == ["later", "none", "text", "before", "behind"]
    assert sqlite.delete_expired("api#", NOW, 100) == 0


def test_one_call_deletes_no_more_than_it_may(sqlite: SQLiteEngine) -> None:
    sqlite.commit([Put(stored("api#ada", f"{number}", 1)) for number in range(5)])
    assert [sqlite.delete_expired("api#", NOW, 2) for _ in range(3)] == [2, 2, 1]


def test_dynamodb_deletes_expired_items_by_itself(dynamodb: DynamoDBEngine) -> None:
    assert (dynamodb.deletes_expired, dynamodb.delete_expired("api#", NOW, 10)) == (True, 0)
