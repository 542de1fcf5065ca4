"""Adds DynamoDB's behaviour to moto: conflicting transactions, lost responses, unprocessed keys."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.core.models import botocore_stubber

from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine

Place = tuple[str, str]
CONFLICT = "Transaction is ongoing for the item"


def nothing() -> None:
    """The default for what happens while a transaction is under way."""


class UnderWay:
    """The items of the transactions that are under way."""

    def __init__(self) -> None:
        self._places: Counter[Place] = Counter()
        self._guard = threading.Lock()

    def begin(self, places: Sequence[Place]) -> list[bool]:
        """Return for each item whether another transaction holds it; if none is held, hold them all."""
        with self._guard:
            met = [self._places[place] > 0 for place in places]
            if not any(met):
                self._places.update(places)
            return met

    def end(self, places: Sequence[Place]) -> None:
        with self._guard:
            self._places.subtract(places)

    def at(self, place: Place) -> bool:
        with self._guard:
            return self._places[place] > 0


@contextmanager
def refuse_overlapping_transactions(
    *engines: DynamoDBEngine, during: Callable[[], None] = nothing
) -> Iterator[None]:
    """Refuse transactions on an item of a transaction under way, even if both only check it.

    Single writes of such an item are refused too, reads are not (AWS: "Transaction conflict handling in
    DynamoDB"). `during` is called while each transaction is under way, so a commit inside it, or by another
    thread meanwhile, certainly overlaps.
    """
    under_way = UnderWay()
    with patch_calls(engines, lambda call, operation, it: refusing(under_way, during, call, operation, it)):
        yield


@contextmanager
def patch_calls(engines: Sequence[DynamoDBEngine], around: Callable[..., Any]) -> Iterator[None]:
    """Let `around(call, operation, arguments)` make each call of these engines' clients."""
    if not engines:
        yield
        return
    call = engines[0].client._make_api_call
    with (
        patch.object(engines[0].client, "_make_api_call", lambda operation, it: around(call, operation, it)),
        patch_calls(engines[1:], around),
    ):
        yield


def refusing(
    under_way: UnderWay, during: Callable[[], None], call: Callable[..., Any], operation: str, arguments: Any
) -> Any:
    if operation in {"PutItem", "DeleteItem", "UpdateItem"} and under_way.at(place_of(arguments)):
        raise ClientError({"Error": {"Code": "TransactionConflictException", "Message": CONFLICT}}, operation)
    if operation != "TransactWriteItems":
        return call(operation, arguments)
    places = [place_of(next(iter(item.values()))) for item in arguments["TransactItems"]]
    met = under_way.begin(places)
    if any(met):
        raise cancelled(
            [{"Code": "TransactionConflict", "Message": CONFLICT} if m else {"Code": "None"} for m in met]
        )
    try:
        during()
        return call(operation, arguments)
    finally:
        under_way.end(places)


def place_of(operation: dict[str, Any]) -> Place:
    """Return the key of an operation's item."""
    key = operation.get("Key") or operation["Item"]
    return key["pk"]["S"], key["sk"]["S"]


def cancelled(reasons: list[dict[str, Any]]) -> ClientError:
    """Return botocore's exception for a cancelled transaction, with a reason for each item."""
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": reasons,
    }
    return ClientError(answer, "TransactWriteItems")


def lose_first_answer(engine: DynamoDBEngine, operation: str) -> list[Any]:
    """Carry out the next such call, but lose its response; return a list that records its attempts."""
    tries: list[Any] = []

    def lose(event_name: str, request: AWSPreparedRequest, **_: object) -> None:
        tries.append(request)
        if len(tries) == 1:
            botocore_stubber(event_name, request)
            raise ConnectionClosedError(endpoint_url=str(request.url))

    engine.client.meta.events.register_first(f"before-send.dynamodb.{operation}", lose)
    return tries


def leave_keys(engine: DynamoDBEngine, rounds: int) -> None:
    """Make the next `rounds` responses of BatchGetItem return one item, and the other keys as unprocessed."""
    remaining_rounds = iter(range(rounds))

    def leave(parsed: dict[str, Any], **_: object) -> None:
        if next(remaining_rounds, None) is None:
            return
        for table, wires in parsed["Responses"].items():
            keys = [{"pk": wire["pk"], "sk": wire["sk"]} for wire in wires[1:]]
            parsed["UnprocessedKeys"] = {table: {"Keys": keys}}
            del wires[1:]

    engine.client.meta.events.register("after-call.dynamodb.BatchGetItem", leave)


def answer_nothing(engine: DynamoDBEngine) -> None:
    """Make every BatchGetItem return no item, and all keys as unprocessed."""

    def leave(parsed: dict[str, Any], **_: object) -> None:
        for table, wires in parsed["Responses"].items():
            parsed["UnprocessedKeys"] = {table: {"Keys": [{"pk": w["pk"], "sk": w["sk"]} for w in wires]}}
            wires.clear()

    engine.client.meta.events.register("after-call.dynamodb.BatchGetItem", leave)


def refuse_with(engine: DynamoDBEngine, operation: str, code: str, message: str = "refused") -> None:
    """Make DynamoDB respond to every such call with an error code."""
    body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "{message}"}}'

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return AWSResponse(str(request.url), 400, HTTPHeaders(), _Body(body.encode()))

    engine.client.meta.events.register_first(f"before-send.dynamodb.{operation}", refuse)


class _Body:
    """The part of a urllib3 response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content
