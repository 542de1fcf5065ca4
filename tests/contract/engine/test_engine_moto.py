"""moto as the rehearsal uses it: cheap transactions, threads apart, nothing left behind."""

from __future__ import annotations

import sys
from typing import Any, Literal

import boto3
import pytest
from moto.dynamodb.models.dynamo_type import Item as MotoItem
from moto.dynamodb.models.table import Table

from chalicelib.errors import Conflict, PetriError
from chalicelib.storage.engine import Engine, Put
from infra.emulator.shims.fast_dynamodb import quick_answers, usual_answers
from infra.local.moto.moto_engine import REGION, started
from tests.contract.engines import an_item, stored
from tests.tools.engines import Crash, FailingEngine


def test_an_engine_of_the_rehearsal_can_be_used_at_once() -> None:
    with started() as new_engine:
        engine = new_engine("petri")
        engine.commit([Put(an_item("b")), Put(an_item("c"))])
        assert len(list(engine.query("a"))) == 2


def test_two_engines_have_tables_of_their_own() -> None:
    with started() as new_engine:
        new_engine("one").commit([Put(an_item())])
        assert stored(new_engine("two")) is None


def test_a_refused_transaction_puts_back_an_item_that_it_updated() -> None:
    with started() as new_engine:
        engine = new_engine("petri")
        engine.commit([Put(an_item(v=1))])
        table, key = "petri", {"pk": {"S": "a"}, "sk": {"S": "b"}}
        update = {"TableName": table, "Key": key, "UpdateExpression": "SET contents = :c"}
        update["ExpressionAttributeValues"] = {":c": {"S": "new"}}
        missing = {"TableName": table, "Key": {**key, "sk": {"S": "c"}}}
        missing["ConditionExpression"] = "attribute_exists(pk)"
        with pytest.raises(engine.client.exceptions.TransactionCanceledException):
            engine.client.transact_write_items(
                TransactItems=[{"Update": update}, {"ConditionCheck": missing}]
            )
        assert stored(engine) == an_item(v=1)


def test_a_transaction_copies_only_the_items_it_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    copy_item = MotoItem.__deepcopy__

    def noting(item: Any, memo: dict[int, Any]) -> MotoItem:
        copied.append(item.range_key.value)
        return copy_item(item, memo)

    with started() as new_engine:
        engine = new_engine("petri")
        engine.commit([Put(an_item(f"{n}")) for n in range(50)])
        monkeypatch.setattr(MotoItem, "__deepcopy__", noting)
        engine.commit([Put(an_item("7", v=2), 1), Put(an_item("8", v=2), 1)])
    assert copied == ["7", "8"]


def test_moto_is_its_own_again_afterwards() -> None:
    with started():
        pass
    assert "__deepcopy__" not in vars(Table)


def test_nothing_is_left_of_a_rehearsal() -> None:
    with started() as new_engine:
        new_engine("petri")
    with started():
        assert boto3.client("dynamodb", REGION).list_tables()["TableNames"] == []


def test_without_moto_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    with pytest.raises(PetriError, match="pip install"), started():
        pass


# -- the engine that crashes ----------------------------------------------------------------------


@pytest.mark.parametrize(("when", "left"), [("before", 1), ("after", 2)])
def test_a_failing_engine_crashes_once_before_or_after_its_commit(
    engine: Engine, when: Literal["before", "after"], left: int
) -> None:
    failing = FailingEngine(engine, fail_at=2, when=when)
    failing.commit([Put(an_item("1"))])
    with pytest.raises(Crash):
        failing.commit([Put(an_item("2"))])
    assert len(list(engine.query("a"))) == left


def test_a_failing_engine_works_again_after_its_crash(engine: Engine) -> None:
    failing = FailingEngine(engine, fail_at=1)
    with pytest.raises(Crash):
        failing.commit([Put(an_item())])
    failing.commit([Put(an_item())])
    assert stored(engine) == an_item()


def test_a_failing_engine_counts_refused_commits_too(engine: Engine) -> None:
    failing = FailingEngine(engine, fail_at=9)
    failing.commit([Put(an_item())])
    with pytest.raises(Conflict):
        failing.commit([Put(an_item())])
    assert failing.commits == 2


VALUES = {
    "text": {"S": "a"},
    "none": {"S": ""},
    "number": {"N": "1.50"},
    "truth": {"BOOL": False},
    "nothing": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "list": {"L": [{"S": "a"}, {"M": {"b": {"N": "2"}}}, {"L": []}]},
    "map": {"M": {"a": {"M": {}}, "S": {"SS": ["x"]}, "N": {"NULL": True}}},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "many_bytes": {"BS": [b"a", b"b"]},
}


def test_answers_that_come_quicker_in_tests_are_those_that_moto_gives() -> None:
    with started() as new_engine:
        engine, told = new_engine("values"), []
        engine.client.put_item(TableName="values", Item={"pk": {"S": "a"}, "sk": {"S": "b"}, **VALUES})
        for how in (quick_answers, usual_answers):
            with how():
                told.append(engine.client.scan(TableName="values")["Items"])
    assert told[0] == told[1] != []
