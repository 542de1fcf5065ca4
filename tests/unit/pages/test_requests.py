"""How pages retry requests and parse responses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .scripts import Scripts

PAGE = Scripts("dallinger2.js")
INTERNALS = "petri.internals"


def backoff(failures: int, retry_after: float, random: float) -> float:
    call = f"{INTERNALS}.backoffMs({failures}, {retry_after}, () => {random})"
    milliseconds: float = PAGE.value(call)
    return milliseconds


def test_the_backoff_doubles_up_to_its_longest() -> None:
    assert [backoff(failures, 0, 1) for failures in range(1, 9)] == [
        500,
        1000,
        2000,
        4000,
        8000,
        12000,
        12000,
        12000,
    ]


def test_jitter_halves_the_backoff_at_most() -> None:
    assert (backoff(1, 0, 0), backoff(3, 0, 0), backoff(30, 0, 0)) == (250, 1000, 6000)


@given(st.integers(0, 60), st.floats(0, 120), st.floats(0, 1))
def test_no_request_is_repeated_before_retry_after(failures: int, retry_after: float, random: float) -> None:
    assert (
        retry_after * 1000 <= backoff(failures, retry_after, random) <= max(12000, retry_after * 1250) + 0.001
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), (" 1.5 ", 1.5), ("9999", 120), ("", 0), (None, 0), ("soon", 0), ("-4", 0), ("1e3", 0)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float) -> None:
    assert PAGE.call(f"{INTERNALS}.secondsIn", header) == seconds


def test_retry_after_as_a_date() -> None:
    ahead = PAGE.value(f"{INTERNALS}.secondsIn(new Date(Date.now() + 60000).toUTCString())")
    assert 0 < ahead <= 60
    assert PAGE.call(f"{INTERNALS}.secondsIn", "Wed, 01 Jan 2020 00:00:00 GMT") == 0


@pytest.mark.parametrize(
    ("status", "answer", "is_passing"),
    [
        (0, {}, True),
        (429, {}, True),
        (500, {}, True),
        (500, {"error_code": "internal_error"}, False),
        (502, {"error_code": "x"}, True),
        (503, {"error_code": "network_busy"}, True),
        (504, {}, True),
        (403, {}, False),
        (404, {"error_code": "not_found"}, False),
        (200, {}, False),
    ],
)
def test_only_what_may_pass_is_repeated(status: int, answer: dict[str, str], is_passing: bool) -> None:
    assert PAGE.call(f"{INTERNALS}.isPassing", status, answer) is is_passing


@pytest.mark.parametrize(
    ("status", "code", "is_throttled"),
    [(429, "", True), (503, "busy", True), (503, "network_busy", False), (500, "busy", False)],
)
def test_throttling_is_distinguished_from_other_failures(status: int, code: str, is_throttled: bool) -> None:
    assert PAGE.call(f"{INTERNALS}.isThrottled", status, {"error_code": code}) is is_throttled


@pytest.mark.parametrize(
    ("allow_none", "answer", "status"),
    [
        (True, {"node": None, "error_code": "network_busy"}, 503),
        (True, {"node": None, "error_code": "no_network"}, 403),
        (True, {"node": {"id": 1}}, 200),
        (True, {}, 200),
        (False, {"node": None, "error_code": "no_network"}, 200),
    ],
)
def test_a_response_without_a_node_is_a_rejection(
    allow_none: bool, answer: dict[str, object], status: int
) -> None:
    request = {"data": {"allow_none": True}} if allow_none else {"data": {}}
    found = PAGE.call(f"{INTERNALS}.outcome", {"status": 200, "ok": True}, request, answer)
    assert found == {"status": status, "ok": status == 200}


@pytest.mark.parametrize("text", ["", "null", "<html>", "{", '"'])
def test_a_response_that_is_not_an_object_is_empty(text: str) -> None:
    assert PAGE.call(f"{INTERNALS}.parsed", text) == {}


def test_answers_keep_the_order_of_the_page_and_list_fields_left_empty() -> None:
    names = ["age", "code", None, "langs", "langs", "why"]
    entries = [
        {"name": name, "value": value}
        for name, value in [("age", "30"), ("langs", "de"), ("langs", "fr"), ("hidden", "x")]
    ]
    answers = PAGE.call(f"{INTERNALS}.answersByName", names, entries)
    assert list(answers.items()) == [
        ("age", "30"),
        ("code", ""),
        ("langs", ["de", "fr"]),
        ("why", ""),
        ("hidden", "x"),
    ]


@pytest.mark.parametrize(("value", "total", "share"), [(0, 0, 0), (1, 3, 33), (3, 3, 100), (5, 3, 100)])
def test_the_share_of_a_waiting_room(value: int, total: int, share: int) -> None:
    assert PAGE.call(f"{INTERNALS}.progressShare", value, total) == share
