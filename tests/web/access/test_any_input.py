"""Whatever is sent, nothing breaks: never a 500, and a refusal writes nothing."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import app
from chalicelib import services
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.web.experiments import Talk
from tests.web.world import FORM, JSON, OPERATOR_TOKEN, Said, World, build_world

NAMES = [
    *("contents", "info_type", "failed", "details", "property1", "property5", "direction", "status", "what"),
    *("to_whom", "connection", "node_type", "transformation_type", "question", "response", "number"),
    *("question_id", "participant_id", "workerId", "worker_id", "hitId", "assignmentId", "assignment_id"),
    *("mode", "recruiter", "fingerprint_hash", "consent_time", "request_id", "Event.1.EventType"),
    *("Event.1.AssignmentId", "error_feedback", "anything"),
]
#: Values that mean something somewhere, so that more than the first check is reached.
KNOWN = [
    *("", "1", "2", "100001", "100002", "10000100001", "Info", "Meme", "Node", "Agent", "all", "both", "to"),
    *("True", "false", "pending", "{}", '{"a": 1}', "AssignmentReturned", "hotair", "0", "-1", "w1", "a1"),
]
ROUTES = sorted((method, path) for path, methods in app.routes.items() for method in methods)

any_text = st.text(st.characters(codec="utf-8"), max_size=40)
values = st.one_of(st.sampled_from(KNOWN), any_text, st.integers().map(str))
fields = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), any_text), values), max_size=6)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text, st.sampled_from(KNOWN)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=6,
)
json_bodies = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=5)
headers = st.dictionaries(
    st.sampled_from(["x-request-id", "content-type", "user-agent"]),
    st.text(string.printable.strip(), max_size=30),
    max_size=2,
)
often = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
)


@pytest.fixture(scope="module")
def here() -> Iterator[World]:
    """A run with two people in a network, who have said something to each other."""
    made = build_world(Talk, SQLiteEngine(":memory:"), {}).launch()
    one, other = made.arrive(), made.arrive()
    node, _ = one.join(), other.join()
    one.answer(node)
    one.post(f"/node/{node}/transmit")
    yield made
    services.use(None)
    made.engine.close()


def address(path: str, parts: list[str]) -> str:
    """Fill the places of a route with parts, as a client would write them."""
    left = iter(parts)
    words = (quote(next(left), safe="") if word.startswith("{") else word for word in path.split("/"))
    return "/".join(words)


def check(before: list[Any], now: Callable[[], list[Any]], said: Said) -> None:
    """A success is a success; anything else is a refusal that left nothing."""
    assert said.status < 500, said
    if said.status != 200:
        # The form of a live session comes back as a page that says what is wrong.
        is_page = said.headers["content-type"].startswith("text/html")
        assert 'role="alert"' in said.raw.decode() if is_page else said["error_text"]
        assert now() == before


def written(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs).encode()


#: What is drawn for each way of sending: arguments of `World.call`.
BODIES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "form": st.fixed_dictionaries({"body": fields.map(written), "content_type": st.just(FORM)}),
    "query": st.fixed_dictionaries({"query": fields.map(written)}),
    "json": st.fixed_dictionaries(
        {"body": json_bodies.map(lambda value: json.dumps(value).encode()), "content_type": st.just(JSON)}
    ),
    "bytes": st.fixed_dictionaries(
        {
            "body": st.binary(max_size=60),
            "headers": headers,
            "content_type": st.sampled_from([None, FORM, JSON, "text/plain"]),
        }
    ),
}


@often
@given(data=st.data())
@pytest.mark.filterwarnings("ignore:.*already connected")
@pytest.mark.parametrize("sent", ["form", "query", "json", "bytes"])
def test_no_request_ends_in_a_fault_or_leaves_half_of_itself(
    here: World, sent: str, data: st.DataObject
) -> None:
    method, path = data.draw(st.sampled_from([r for r in ROUTES if sent == "query" or r[0] == "POST"]))
    target = address(path, data.draw(st.lists(values.filter(bool), min_size=4, max_size=4)))
    how = {"token": data.draw(st.sampled_from([OPERATOR_TOKEN, OPERATOR_TOKEN, None, "forged"]))}
    how |= data.draw(BODIES[sent])
    before = here.items()
    check(before, here.items, here.call(method, target, **how))
