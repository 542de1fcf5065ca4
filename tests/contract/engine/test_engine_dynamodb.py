"""What only DynamoDB does: lost answers, keys left over, limits, throttling, transactions that meet."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.errors import Busy, CommitTooLarge, Conflict, PetriError, TooLarge, VendorError
from chalicelib.model import keys
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.dynamodb.dynamodb_errors import translate
from chalicelib.storage.engine import ANY, Check, Delete, Put, Write
from infra.local.moto.moto_engine import REGION
from tests.contract.engines import an_item, new_engine, stored
from tests.contract.factories import begin
from tests.contract.unit_of_work.families import a_network
from tests.tools.moto_dynamodb import (
    answer_nothing,
    cancelled,
    leave_keys,
    lose_first_answer,
    refuse_overlapping_transactions,
    refuse_with,
)

TWO: list[Write] = [Put(an_item("b")), Put(an_item("c"))]


# -- answers that got lost ------------------------------------------------------------------------


@pytest.mark.parametrize("expect", [None, 1])
def test_a_put_whose_response_was_lost_does_not_conflict_with_itself(
    own_dynamodb: DynamoDBEngine, expect: int | None
) -> None:
    if expect is not None:
        own_dynamodb.commit([Put(an_item(v=1))])
    tries = lose_first_answer(own_dynamodb, "PutItem")
    own_dynamodb.commit([Put(an_item(v=2, contents="x"), expect)])
    assert (len(tries), stored(own_dynamodb)) == (2, an_item(v=2, contents="x"))


def test_a_put_that_lost_its_race_is_a_conflict_though_its_answer_was_lost(
    own_dynamodb: DynamoDBEngine,
) -> None:
    own_dynamodb.commit([Put(an_item(v=2))])
    lose_first_answer(own_dynamodb, "PutItem")
    with pytest.raises(Conflict):
        own_dynamodb.commit([Put(an_item(v=2), 1)])


def test_a_transaction_sends_one_token_in_all_its_tries(own_dynamodb: DynamoDBEngine) -> None:
    tries = lose_first_answer(own_dynamodb, "TransactWriteItems")
    with suppress(Conflict):  # moto forgets tokens; DynamoDB answers the second try like the first
        own_dynamodb.commit(TWO)
    assert len(tries) == 2
    assert len({json.loads(sent.body)["ClientRequestToken"] for sent in tries}) == 1


def test_each_transaction_has_a_token_of_its_own(own_dynamodb: DynamoDBEngine) -> None:
    tries = lose_first_answer(own_dynamodb, "TransactWriteItems")
    for sks in ("de", "fg"):
        own_dynamodb.commit([Put(an_item(sk), ANY) for sk in sks])
    assert len({json.loads(sent.body)["ClientRequestToken"] for sent in tries}) == 2


def test_a_delete_of_a_version_goes_as_a_transaction(own_dynamodb: DynamoDBEngine) -> None:
    own_dynamodb.commit([Put(an_item(v=1))])
    tries = lose_first_answer(own_dynamodb, "DeleteItem")
    own_dynamodb.commit([Delete(("a", "b"), 1)])
    assert tries == []


def test_the_mark_of_a_put_is_nobodys_business(dynamodb: DynamoDBEngine) -> None:
    dynamodb.commit([Put(an_item())])
    kept = dynamodb.client.get_item(TableName=dynamodb.table_name, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert ("mark" in kept["Item"], stored(dynamodb)) == (True, an_item())


def test_a_vendor_that_never_responds_is_an_error(own_dynamodb: DynamoDBEngine) -> None:
    unreachable = DynamoDBEngine("t", REGION, host="http://127.0.0.1:9", max_attempts=1)
    with pytest.raises(VendorError, match="didn't answer"):
        unreachable.get([("a", "b")])


# -- keys left for another call -------------------------------------------------------------------


def test_keys_that_a_batch_leaves_are_asked_for_again(own_dynamodb: DynamoDBEngine) -> None:
    own_dynamodb.commit([Put(an_item(f"{n}")) for n in range(5)])
    leave_keys(own_dynamodb, rounds=3)
    assert len(own_dynamodb.get([("a", f"{n}") for n in range(5)])) == 5


def test_a_table_that_leaves_all_keys_again_and_again_is_busy(
    own_dynamodb: DynamoDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.storage.dynamodb.dynamodb_engine.BACKOFF_BASE", 0)
    own_dynamodb.commit(TWO)
    answer_nothing(own_dynamodb)
    with pytest.raises(Busy):
        own_dynamodb.get([("a", "b"), ("a", "c")])


# -- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("company", [[], [Put(an_item("c"))]], ids=["alone", "with another"])
def test_an_item_above_400_kb_is_too_large(dynamodb: DynamoDBEngine, company: list[Write]) -> None:
    with pytest.raises(TooLarge, match="400 KB"):
        dynamodb.commit([Put(an_item(contents="x" * 410_000)), *company])


def test_more_than_a_hundred_writes_are_refused(dynamodb: DynamoDBEngine) -> None:
    with pytest.raises(CommitTooLarge, match="101 writes"):
        dynamodb.commit([Put(an_item(f"{n}")) for n in range(101)])


def test_more_than_four_megabytes_are_refused(dynamodb: DynamoDBEngine) -> None:
    with pytest.raises(CommitTooLarge, match="bytes"):
        dynamodb.commit([Put(an_item(f"{n}", contents="x" * 390_000)) for n in range(11)])


@pytest.mark.parametrize("key", [("x" * 2049, "b"), ("a", "é" * 513)])
def test_a_key_that_is_too_long_is_refused_with_the_reason(
    dynamodb: DynamoDBEngine, key: tuple[str, str]
) -> None:
    with pytest.raises(TooLarge, match="key"):
        dynamodb.get([key])


def test_the_longest_key_is_taken(dynamodb: DynamoDBEngine) -> None:
    key = ("x" * 2048, "é" * 512)
    dynamodb.commit([Put(an_item(key[1], key[0]))])
    assert list(dynamodb.get([key])) == [key]


# -- what the vendor refuses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ProvisionedThroughputExceededException", Busy),
        ("RequestLimitExceeded", Busy),
        ("ThrottlingException", Busy),
        ("TransactionConflictException", Conflict),
        ("ConditionalCheckFailedException", Conflict),
        ("ValidationException", VendorError),
        ("AccessDeniedException", VendorError),
        ("ResourceNotFoundException", VendorError),
    ],
)
def test_a_refusal_becomes_an_error_of_our_own(
    dynamodb: DynamoDBEngine, code: str, error: type[PetriError]
) -> None:
    engine = new_engine(dynamodb.table_name, max_attempts=1)
    refuse_with(engine, "PutItem", code)
    with pytest.raises(error) as caught:
        engine.commit([Put(an_item())])
    assert type(caught.value) is error


def test_the_vendors_error_has_its_cause(own_dynamodb: DynamoDBEngine) -> None:
    refuse_with(own_dynamodb, "GetItem", "AccessDeniedException", "user may not read")
    with pytest.raises(VendorError, match="user may not read") as caught:
        own_dynamodb.get([("a", "b")])
    assert caught.value.__cause__ is not None


def test_a_missing_table_is_named(dynamodb: DynamoDBEngine) -> None:
    with pytest.raises(VendorError, match="no DynamoDB table nowhere"):
        new_engine("nowhere").get([("a", "b")])


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        ([{"Code": "ConditionalCheckFailed"}, {"Code": "None"}], Conflict),
        ([{"Code": "None"}, {"Code": "TransactionConflict"}], Conflict),
        ([{"Code": "ThrottlingError"}, {"Code": "ConditionalCheckFailed"}], Conflict),
        ([{"Code": "ThrottlingError"}], Busy),
        ([{"Code": "ProvisionedThroughputExceeded"}], Busy),
        (
            [{"Code": "ValidationError", "Message": "Item size has exceeded the maximum allowed size"}],
            TooLarge,
        ),
        ([{"Code": "ValidationError", "Message": "One or more parameter values were invalid"}], VendorError),
    ],
)
def test_the_reasons_of_a_cancelled_transaction_say_what_it_was(
    own_dynamodb: DynamoDBEngine,
    monkeypatch: pytest.MonkeyPatch,
    reasons: list[dict[str, Any]],
    error: type[PetriError],
) -> None:
    def refuse(*_: object) -> None:
        raise cancelled(reasons)

    monkeypatch.setattr(own_dynamodb.client, "_make_api_call", refuse)
    with pytest.raises(error) as caught:
        own_dynamodb.commit(TWO)
    assert type(caught.value) is error


def test_an_error_without_a_response_can_be_retried() -> None:
    found = translate(ReadTimeoutError(endpoint_url="https://dynamodb"), "t")
    assert (type(found), "can be retried" in str(found)) == (VendorError, True)


# -- transactions that meet -----------------------------------------------------------------------


def refused_during(engine: DynamoDBEngine, first: list[Write], second: list[Write]) -> bool:
    """Commit `second` while `first` is under way; return whether it was refused."""
    refused: list[bool] = []

    def meanwhile() -> None:
        if not refused:
            refused.append(True)
            engine.commit(second)
            refused[0] = False

    with refuse_overlapping_transactions(engine, during=meanwhile):
        try:
            engine.commit(first)
        except Conflict:
            return refused[0]
    return refused[0]


@pytest.mark.parametrize(
    "second",
    [
        [Check(("a", "root"), 1), Put(an_item("two"))],
        [Put(an_item("root", v=2), 1)],
        [Put(an_item("root", v=2), 1), Put(an_item("two"))],
        [Delete(("a", "root"))],
    ],
    ids=["check", "put", "transaction", "delete"],
)
def test_a_write_of_what_a_transaction_only_checks_is_a_conflict(
    own_dynamodb: DynamoDBEngine, second: list[Write]
) -> None:
    own_dynamodb.commit([Put(an_item("root"))])
    assert refused_during(own_dynamodb, [Check(("a", "root"), 1), Put(an_item("one"))], second)


def test_a_lone_check_disturbs_no_transaction(own_dynamodb: DynamoDBEngine) -> None:
    own_dynamodb.commit([Put(an_item("root"))])
    first: list[Write] = [Check(("a", "root"), 1), Put(an_item("one"))]
    assert not refused_during(own_dynamodb, first, [Check(("a", "root"), 1)])


def test_transactions_of_different_items_do_not_meet(own_dynamodb: DynamoDBEngine) -> None:
    assert not refused_during(own_dynamodb, TWO, [Put(an_item("d")), Put(an_item("e"))])


# -- making the table -----------------------------------------------------------------------------


def test_a_table_that_was_made_can_be_used(dynamodb: DynamoDBEngine) -> None:
    engine = new_engine("another")
    engine.create_table()
    engine.commit([Put(an_item())])
    assert stored(engine) == an_item()


def test_a_table_is_paid_by_request(dynamodb: DynamoDBEngine) -> None:
    engine = new_engine("by-request")
    engine.create_table()
    table = engine.client.describe_table(TableName="by-request")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_a_put_expecting_anything_leaves_no_mark(dynamodb: DynamoDBEngine) -> None:
    dynamodb.commit([Put(an_item(), ANY)])
    kept = dynamodb.client.get_item(TableName=dynamodb.table_name, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert "mark" not in kept["Item"]


# -- what a newer version has written --------------------------------------------------------------


def write_of_a_newer_version(engine: DynamoDBEngine, key: tuple[str, str]) -> None:
    """Add an attribute that no model has to a stored item, as a newer version of Petri would."""
    engine.client.update_item(
        TableName=engine.table_name,
        Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}},
        UpdateExpression="SET colour = :red",
        ExpressionAttributeValues={":red": {"M": {"shade": {"S": "dark"}}}},
    )


def colour_of(engine: DynamoDBEngine, key: tuple[str, str]) -> Any:
    found = engine.client.get_item(
        TableName=engine.table_name, Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}}
    )
    return found["Item"].get("colour")


def test_a_record_that_a_newer_version_has_written_is_changed_and_keeps_what_is_not_known(
    dynamodb: DynamoDBEngine,
) -> None:
    a_network(dynamodb)
    key = keys.root(1)
    write_of_a_newer_version(dynamodb, key)
    with begin(dynamodb) as work:
        work.network(1).role = "second"
        work.commit()
    with begin(dynamodb) as work:
        assert work.network(1).role == "second"
    assert colour_of(dynamodb, key) == {"M": {"shade": {"S": "dark"}}}


def test_an_item_that_a_newer_version_has_written_keeps_what_is_not_known(dynamodb: DynamoDBEngine) -> None:
    key = ("draws", "draws#x")
    with begin(dynamodb) as work:
        work.put_if_unchanged(key, "draws", {"count": 1})
        work.commit()
    write_of_a_newer_version(dynamodb, key)
    with begin(dynamodb) as work:
        work.put_if_unchanged(key, "draws", {"count": 2})
        work.commit()
    assert colour_of(dynamodb, key) == {"M": {"shade": {"S": "dark"}}}
