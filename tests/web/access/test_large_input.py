"""Large input: what reading it costs grows with its size and no faster, and everything has a bound."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chalice.app import Request

from chalicelib.errors import BadRequest
from chalicelib.web import parameters
from chalicelib.web.parameters import (
    MAX_ANONYMOUS_BODY,
    MAX_FIELDS,
    MAX_NAMES,
    MAX_VALUES,
    Parameters,
    read_json,
)
from tests.web.conftest import NewWorld
from tests.web.world import FORM, JSON, OPERATOR_TOKEN


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count calls, of Python's functions and C's, while the block lasts."""
    calls = [0]

    def note(_frame: Any, event: str, _argument: Any) -> None:
        if event in ("call", "c_call"):
            calls[0] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def request(
    body: bytes = b"", content_type: str = JSON, query: dict[str, list[str]] | None = None
) -> Request:
    return Request(
        {
            "headers": {"content-type": content_type},
            "multiValueQueryStringParameters": query,
            "pathParameters": {},
            "requestContext": {"httpMethod": "POST", "resourcePath": "/info/{node_id}", "path": "/info/1"},
            "isBase64Encoded": False,
            "stageVariables": None,
            "body": body.decode(),
        }
    )


def names(n: int) -> dict[str, int]:
    return {f"name{i}": i for i in range(n)}


#: Requests by their size; each is within the bounds.
SIZED: dict[str, Callable[[int], Request]] = {
    "fields of a JSON body": lambda n: request(json.dumps(names(n)).encode()),
    "fields of a form": lambda n: request("&".join(f"name{i}={i}" for i in range(n)).encode(), FORM),
    "one field sent again": lambda n: request("&".join("name=1" for _ in range(n)).encode(), FORM),
    "parameters of the address": lambda n: request(query={f"name{i}": ["1"] for i in range(n)}),
    "names in details": lambda n: request(json.dumps({"details": names(8 * n)}).encode()),
    "lists in details": lambda n: request(
        json.dumps({"details": {"all": [[i] for i in range(8 * n)]}}).encode()
    ),
    "letters outside ASCII": lambda n: request(json.dumps({"contents": "é" * (50 * n)}).encode()),
}


@pytest.mark.parametrize("made", SIZED.values(), ids=SIZED)
def test_reading_twice_as_much_takes_twice_the_operations(made: Callable[[int], Request]) -> None:
    costs = []
    for size in (400, 800):
        asked = made(size)
        with counted() as calls:
            read = Parameters.of(asked)
            read.others(())
            read.fingerprint("POST", "/info/1")
        costs.append(calls[0])
    assert costs[1] <= 2.1 * costs[0]


class Compared(str):
    """A name that counts how often it is compared with another."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_doubled_name_is_found_without_comparing_it_with_each_other() -> None:
    times = []
    for size in (1000, 2000):
        pairs: list[tuple[str, Any]] = [(Compared(f"name{i}"), i) for i in range(size)]
        Compared.times = 0
        with pytest.raises(ValueError, match="duplicate key"):
            parameters._object([*pairs, (Compared(f"name{size - 1}"), 0)])
        times.append(Compared.times)
    assert times[1] <= 2 * max(times[0], 10)


def test_a_request_has_no_more_fields_than_the_bound() -> None:
    many = MAX_FIELDS + 1
    for asked in (
        request(json.dumps(names(many)).encode()),
        request("&".join(f"name{i}=1" for i in range(many)).encode(), FORM),
        request(query={f"name{i}": ["1"] for i in range(many)}),
    ):
        with pytest.raises(BadRequest, match="more than 1,000"):
            Parameters.of(asked)
    assert len(Parameters.of(request(json.dumps(names(MAX_FIELDS)).encode())).others(())) == MAX_FIELDS


def test_an_object_has_no_more_names_than_the_bound() -> None:
    with pytest.raises(BadRequest, match="the maximum is 10,000"):
        read_json(json.dumps(names(MAX_NAMES + 1)), "details")
    assert len(read_json(json.dumps(names(MAX_NAMES)), "details")) == MAX_NAMES


def test_a_json_text_holds_no_more_values_than_the_bound() -> None:
    with pytest.raises(BadRequest, match="more than 200,000"):
        read_json(json.dumps([0] * MAX_VALUES), "details")
    assert len(read_json(json.dumps([0] * (MAX_VALUES - 1)), "details")) == MAX_VALUES - 1


@pytest.mark.parametrize(
    "nested", ["[" * 100_000, '{"a":' * 100_000, "[" * 34 + "]" * 34, '{"a":' * 33 + "[]" + "}" * 33]
)
def test_json_that_is_nested_too_deep_is_refused(nested: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_json(nested, "details")
    assert refused.value.code == "bad_json"


def test_a_long_body_without_a_token_is_refused_before_it_is_read(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world()
    body = b'{"details": "' + b"x" * MAX_ANONYMOUS_BODY + b'"}'
    with monkeypatch.context() as patch:
        patch.setattr(parameters.json, "loads", lambda *_a, **_k: pytest.fail("the body was read"))
        said = here.call("POST", "/participant", body=body, content_type=JSON)
    assert (said.status, said.code) == (413, "too_large")
    said = here.post_json("/tracking_event/1", body, token=OPERATOR_TOKEN)
    assert "details isn't JSON" in said["error_text"]
    assert "details isn't JSON" in here.post_json("/info/1", body, token=here.arrive().token)["error_text"]
