"""What is sent to DynamoDB: which reads are strongly consistent, what is projected, limits, retries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.errors import Busy, CommitTooLarge, Conflict, PetriError, TooLarge, VendorError
from chalicelib.storage.dynamodb import dynamodb_engine
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.dynamodb.dynamodb_errors import translate, translated
from chalicelib.storage.dynamodb.item_models import to_wire, wire_size
from chalicelib.storage.engine import ANY, Check, Delete, Put, Write
from infra.local.moto.moto_engine import REGION
from tests.contract.engines import an_item, new_engine, stored
from tests.tools.moto_dynamodb import answer_nothing, cancelled, leave_keys, patch_calls, refuse_with

Calls = list[tuple[str, dict[str, Any]]]
READS = {"GetItem", "BatchGetItem", "Query"}


def recorded(engine: DynamoDBEngine, act: Callable[[], object]) -> Calls:
    """Return the calls that something makes, with their arguments."""
    calls: Calls = []

    def around(call: Callable[..., Any], operation: str, arguments: dict[str, Any]) -> Any:
        calls.append((operation, arguments))
        return call(operation, arguments)

    with patch_calls([engine], around):
        act()
    return calls


def is_consistent(operation: str, arguments: dict[str, Any]) -> bool:
    if operation == "BatchGetItem":
        return all(asked["ConsistentRead"] is True for asked in arguments["RequestItems"].values())
    return arguments["ConsistentRead"] is True


# -- reads ----------------------------------------------------------------------------------------

READERS: dict[str, Callable[[DynamoDBEngine], object]] = {
    "get": lambda engine: engine.get([("a", "b")]),
    "get many": lambda engine: engine.get([("a", "b"), ("a", "c")]),
    "get_fields": lambda engine: engine.get_fields([("a", "b")], ["type"]),
    "get_fields of many": lambda engine: engine.get_fields([("a", "b"), ("a", "c")], ["type"]),
    "query": lambda engine: list(engine.query("a", "b")),
    "query_each": lambda engine: list(engine.query_each(["a", "c"])),
    "query_known": lambda engine: list(engine.query_known("a", {})),
    "query_until": lambda engine: list(engine.query_until("a", "b")),
    "count": lambda engine: engine.count("a"),
    "count_each": lambda engine: engine.count_each(["a", "c"]),
    "page": lambda engine: engine.page("a"),
    "a check alone": lambda engine: engine.commit([Check(("a", "b"), 1)]),
}


@pytest.mark.parametrize("name", READERS)
def test_each_read_is_strongly_consistent(own_dynamodb: DynamoDBEngine, name: str) -> None:
    own_dynamodb.commit([Put(an_item())])
    calls = recorded(own_dynamodb, lambda: READERS[name](own_dynamodb))
    assert {operation for operation, _ in calls} <= READS
    assert [is_consistent(*call) for call in calls] == [True] * max(1, len(calls))


def test_counting_transfers_no_items(own_dynamodb: DynamoDBEngine) -> None:
    ((_, arguments),) = recorded(own_dynamodb, lambda: own_dynamodb.count("a", "b"))
    assert arguments["Select"] == "COUNT"


@pytest.mark.parametrize(
    "read",
    [
        lambda engine: engine.get_fields([("a", "b")], ["type", "type"]),
        lambda engine: engine.get_fields([("a", "b"), ("a", "c")], ["type", "pk"]),
        lambda engine: engine.page("a", fields=["type", "kind"]),
    ],
    ids=["one", "many", "page"],
)
def test_only_the_fields_that_are_asked_for_are_transferred(
    own_dynamodb: DynamoDBEngine, read: Callable[[DynamoDBEngine], object]
) -> None:
    ((operation, arguments),) = recorded(own_dynamodb, lambda: read(own_dynamodb))
    asked = arguments["RequestItems"][own_dynamodb.table_name] if operation == "BatchGetItem" else arguments
    names = [asked["ExpressionAttributeNames"][name] for name in asked["ProjectionExpression"].split(", ")]
    assert sorted(names) == ["kind", "more", "pk", "sk", "type", "v"]


def test_a_page_without_fields_is_of_whole_items(own_dynamodb: DynamoDBEngine) -> None:
    ((_, arguments),) = recorded(own_dynamodb, lambda: own_dynamodb.page("a", limit=7))
    assert "ProjectionExpression" not in arguments
    assert (arguments["Limit"], arguments["ScanIndexForward"]) == (8, True)


def test_an_isolated_read_asks_for_25_items_in_a_call(own_dynamodb: DynamoDBEngine) -> None:
    keys = [("a", f"{number:02}") for number in range(51)]
    calls = recorded(own_dynamodb, lambda: own_dynamodb.get_isolated([*keys, *keys]))
    assert [len(arguments["TransactItems"]) for _, arguments in calls] == [25, 25, 1]


def test_a_batch_asks_for_100_items_in_a_call(own_dynamodb: DynamoDBEngine) -> None:
    keys = [("a", f"{number:03}") for number in range(201)]
    calls = recorded(own_dynamodb, lambda: own_dynamodb.get(keys))
    sizes = [len(arguments["RequestItems"][own_dynamodb.table_name]["Keys"]) for _, arguments in calls]
    assert sizes == [100, 100, 1]


# -- keys that are left ---------------------------------------------------------------------------


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """The bounds of each backoff, which takes no time."""
    found: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        found.append((low, high))
        return 0.0

    monkeypatch.setattr("random.uniform", uniform)
    return found


TWENTY = [("a", f"{number:02}") for number in range(20)]


def test_the_backoff_doubles_while_a_batch_returns_nothing_and_ends_in_busy(
    own_dynamodb: DynamoDBEngine, pauses: list[tuple[float, float]]
) -> None:
    own_dynamodb.commit([Put(an_item(sk)) for _, sk in TWENTY])
    answer_nothing(own_dynamodb)
    calls: Calls = []
    with pytest.raises(Busy, match="try again"):
        calls += recorded(own_dynamodb, lambda: own_dynamodb.get(TWENTY))
    assert pauses == [(0, 0.02 * 2**number) for number in range(1, 9)]


def test_a_batch_that_returns_something_each_time_is_never_busy(
    own_dynamodb: DynamoDBEngine, pauses: list[tuple[float, float]]
) -> None:
    own_dynamodb.commit([Put(an_item(sk)) for _, sk in TWENTY])
    leave_keys(own_dynamodb, rounds=19)
    assert set(own_dynamodb.get(TWENTY)) == set(TWENTY)
    assert pauses == [(0, 0.02)] * 19


# -- writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("writes", "operations"),
    [
        ([Put(an_item())], ["PutItem"]),
        ([Put(an_item(v=2), 1)], ["PutItem"]),
        ([Put(an_item(), ANY)], ["PutItem"]),
        ([Check(("a", "b"), 1)], ["GetItem"]),
        ([Delete(("a", "b"))], ["DeleteItem"]),
        ([Delete(("a", "b"), 1)], ["TransactWriteItems"]),
        ([Put(an_item("c")), Check(("a", "b"), 1)], ["TransactWriteItems"]),
        ([], []),
    ],
    ids=["new", "version", "any", "check", "delete", "delete version", "two", "none"],
)
def test_the_cheapest_call_that_is_atomic_carries_out_a_commit(
    own_dynamodb: DynamoDBEngine, writes: list[Write], operations: list[str]
) -> None:
    if writes != [Put(an_item())]:
        own_dynamodb.commit([Put(an_item())])
    calls = recorded(own_dynamodb, lambda: own_dynamodb.commit(writes))
    assert [operation for operation, _ in calls] == operations


def test_a_conditional_write_asks_for_the_item_that_refuses_it(own_dynamodb: DynamoDBEngine) -> None:
    ((_, put),) = recorded(own_dynamodb, lambda: own_dynamodb.commit([Put(an_item())]))
    assert put["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    ((_, free),) = recorded(own_dynamodb, lambda: own_dynamodb.commit([Put(an_item(), ANY)]))
    assert not {"ReturnValuesOnConditionCheckFailure", "ConditionExpression"} & free.keys()


def test_the_mark_of_each_put_is_another(own_dynamodb: DynamoDBEngine) -> None:
    calls = [
        *recorded(own_dynamodb, lambda: own_dynamodb.commit([Put(an_item())])),
        *recorded(own_dynamodb, lambda: own_dynamodb.commit([Put(an_item("c"))])),
    ]
    marks = [arguments["Item"]["mark"]["S"] for _, arguments in calls]
    assert [len(mark) for mark in marks] == [16, 16]
    assert marks[0] != marks[1]


def test_a_put_that_another_request_has_made_conflicts(own_dynamodb: DynamoDBEngine) -> None:
    own_dynamodb.commit([Put(an_item(), ANY)])
    with pytest.raises(Conflict):
        own_dynamodb.commit([Put(an_item(contents="mine"))])
    assert stored(own_dynamodb) == an_item()


def test_the_token_of_a_transaction_is_no_longer_than_dynamodb_takes(own_dynamodb: DynamoDBEngine) -> None:
    ((_, sent),) = recorded(own_dynamodb, lambda: own_dynamodb.commit([Put(an_item()), Put(an_item("c"))]))
    assert len(sent["ClientRequestToken"]) == 32  # at most 36


# -- limits ---------------------------------------------------------------------------------------


def large(size: int, sk: str = "b") -> Put:
    """Return a write of an item that takes so many bytes by AWS's rules, without a mark."""
    empty = wire_size(to_wire(an_item(sk, contents="")))
    return Put(an_item(sk, contents="x" * (size - empty)), ANY)


def test_an_item_of_exactly_the_limit_is_stored(
    own_dynamodb: DynamoDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_engine, "MAX_ITEM", 1000)
    own_dynamodb.commit([large(1000)])
    with pytest.raises(TooLarge, match="would have 1001 bytes"):
        own_dynamodb.commit([large(1001, "c")])
    assert stored(own_dynamodb, "c") is None


def test_a_transaction_of_exactly_the_limit_is_carried_out(
    own_dynamodb: DynamoDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_engine, "MAX_TRANSACTION", 2000)
    own_dynamodb.commit([large(900), large(1100, "c")])
    with pytest.raises(CommitTooLarge, match="2001 bytes"):
        own_dynamodb.commit([large(900, "d"), large(1101, "e")])
    assert stored(own_dynamodb, "d") is None


@pytest.mark.parametrize("key", [("é" * 1025, "b"), ("a", "x" * 1025), ("😀" * 513, "b"), ("a", "😀" * 257)])
@pytest.mark.parametrize(
    "use",
    [
        lambda engine, key: engine.get([key]),
        lambda engine, key: engine.get_isolated([("a", "b"), key]),
        lambda engine, key: engine.commit([Delete(key)]),
        lambda engine, key: engine.increment(key),
    ],
    ids=["get", "get_isolated", "delete", "increment"],
)
def test_a_long_key_is_refused_by_each_call_before_anything_is_sent(
    own_dynamodb: DynamoDBEngine, key: tuple[str, str], use: Callable[[DynamoDBEngine, Any], object]
) -> None:
    def refused() -> None:
        with pytest.raises(TooLarge, match="far too long"):
            use(own_dynamodb, key)

    assert recorded(own_dynamodb, refused) == []


# -- the client -----------------------------------------------------------------------------------


def test_a_call_ends_before_the_timeout_of_api_gateway() -> None:
    engine = DynamoDBEngine("t", REGION)
    config = engine.client.meta.config
    attempts = config.retries["total_max_attempts"]
    assert (config.retries["mode"], attempts) == ("standard", 4)
    assert attempts * (config.connect_timeout + config.read_timeout) < 29
    assert (config.connect_timeout, config.read_timeout) == (2.0, 5.0)
    assert (config.max_pool_connections, engine.client.meta.region_name) == (50, REGION)


def test_the_client_has_what_it_was_given() -> None:
    engine = DynamoDBEngine(
        "t",
        "eu-west-1",
        host="http://127.0.0.1:9",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="session",
        max_attempts=1,
        connect_timeout=0.5,
        read_timeout=0.25,
        max_connections=3,
    )
    config = engine.client.meta.config
    keys = engine.session.get_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == ("AKIDEXAMPLE", "secret", "session")
    assert (engine.client.meta.region_name, engine.client.meta.endpoint_url) == (
        "eu-west-1",
        "http://127.0.0.1:9",
    )
    assert (config.retries["total_max_attempts"], config.connect_timeout, config.read_timeout) == (
        1,
        0.5,
        0.25,
    )
    assert config.max_pool_connections == 3


# -- errors ---------------------------------------------------------------------------------------


CALLS: dict[str, Callable[[DynamoDBEngine], object]] = {
    **READERS,
    "get_isolated": lambda engine: engine.get_isolated([("a", "b")]),
    "put": lambda engine: engine.commit([Put(an_item())]),
    "delete": lambda engine: engine.commit([Delete(("a", "b"))]),
    "transaction": lambda engine: engine.commit([Put(an_item()), Put(an_item("c"))]),
    "increment": lambda engine: engine.increment(("counter", "a")),
}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ConditionalCheckFailedException", "changed the same records first; the operation is retried."),
        ("ThrottlingException", "The database is at its limit; retry the same request in a moment."),
        ("ValidationException", "DynamoDB refused a call on table petri-contract: .*refused"),
    ],
)
def test_an_error_says_what_is_wrong(own_dynamodb: DynamoDBEngine, code: str, words: str) -> None:
    refuse_with(own_dynamodb, "UpdateItem", code)
    with pytest.raises(PetriError, match=words):
        own_dynamodb.increment(("counter", "a"))


@pytest.mark.usefixtures("dynamodb")
@pytest.mark.parametrize("name", CALLS)
def test_each_call_names_the_table_that_is_missing(name: str) -> None:
    with pytest.raises(VendorError, match=r"There is no DynamoDB table nowhere|on table nowhere"):
        CALLS[name](new_engine("nowhere"))


def test_a_table_that_exists_is_named(dynamodb: DynamoDBEngine) -> None:
    with pytest.raises(VendorError, match=f"on table {dynamodb.table_name}"):
        new_engine(dynamodb.table_name).create_table()


def test_the_items_of_a_transaction_that_have_no_reason_are_passed_over(
    own_dynamodb: DynamoDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise cancelled([{"Code": "None"}, {"Code": "ValidationError"}, {"Code": "None"}])

    monkeypatch.setattr(own_dynamodb.client, "_make_api_call", refuse)
    with pytest.raises(Exception, match="refused a call on table petri-contract") as caught:
        own_dynamodb.commit([Put(an_item()), Put(an_item("c"))])
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "message",
    ["Item size has exceeded the maximum allowed size", "Item size to update has exceeded the maximum"],
)
def test_an_item_that_only_dynamodb_finds_too_large_is_too_large(
    own_dynamodb: DynamoDBEngine, message: str
) -> None:
    refuse_with(own_dynamodb, "PutItem", "ValidationException", message)
    with pytest.raises(TooLarge, match="400 KB"):
        own_dynamodb.commit([Put(an_item())])


def test_an_error_that_is_not_of_the_vendor_stays_what_it_is() -> None:
    with pytest.raises(KeyError), translated("t"):
        raise KeyError("mine")


def test_an_error_of_the_vendor_without_details_is_translated() -> None:
    from botocore.exceptions import ClientError

    found = translate(ClientError({}, "GetItem"), "t")
    assert "refused a call on table t" in str(found)
