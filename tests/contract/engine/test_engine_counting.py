"""The counting engine says what DynamoDB would be asked and would charge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.errors import Conflict
from chalicelib.storage.engine import ANY, Check, Delete, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.simulate.counting_engine import CountingEngine
from tests.contract.engines import an_item

Act = Callable[[CountingEngine], object]


@pytest.fixture
def counting(sqlite: SQLiteEngine) -> CountingEngine:
    """A counting engine over a collection of three small items and one of 9 KB."""
    sqlite.commit([Put(an_item(sk)) for sk in "bcd"])
    sqlite.commit([Put(an_item("large", "l", contents="x" * 9000))])
    return CountingEngine(sqlite)


def small(sk: str = "b", v: int = 2) -> Put:
    return Put(an_item(sk, v=v), v - 1 or None)


@pytest.mark.parametrize(
    ("act", "calls", "read_units", "write_units"),
    [
        (lambda e: e.get([("a", "b")]), 1, 1, 0),
        (lambda e: e.get([("a", "gone")]), 1, 1, 0),
        (lambda e: e.get([("a", "b"), ("a", "c"), ("a", "b")]), 1, 2, 0),
        (lambda e: e.get([("l", "large")]), 1, 3, 0),
        (lambda e: e.get([("a", f"{n}") for n in range(101)]), 2, 101, 0),
        (lambda e: e.get([]), 0, 0, 0),
        (lambda e: list(e.query("a")), 1, 1, 0),
        (lambda e: list(e.query("l")), 1, 3, 0),
        (lambda e: list(e.query("gone")), 1, 1, 0),
        (lambda e: e.count("l"), 1, 3, 0),
        (lambda e: list(e.query_until("a", "c")), 1, 1, 0),
        (lambda e: next(e.query("l")), 1, 3, 0),
        (lambda e: e.commit([]), 0, 0, 0),
        (lambda e: e.commit([small()]), 1, 0, 1),
        (lambda e: e.commit([Put(an_item(v=1), ANY)]), 1, 0, 1),
        (lambda e: e.commit([Put(an_item(v=2, contents="x" * 1000), 1)]), 1, 0, 2),
        (lambda e: e.commit([Put(an_item("large", "l", v=2), 1)]), 1, 0, 9),
        (lambda e: e.commit([small("b"), small("c")]), 1, 0, 4),
        (lambda e: e.commit([Check(("l", "large"), 1), small()]), 1, 0, 20),
        (lambda e: e.commit([Check(("l", "large"), 1)]), 1, 3, 0),
        (lambda e: e.commit([Delete(("l", "large"))]), 1, 0, 9),
        (lambda e: e.commit([Delete(("l", "large"), 1)]), 1, 0, 18),
        (lambda e: e.increment(("counter", "x")), 1, 0, 1),
    ],
)
def test_each_call_is_counted_by_the_rules_of_aws(
    counting: CountingEngine, act: Act, calls: int, read_units: int, write_units: int
) -> None:
    act(counting)
    take_counts = counting.take_counts()
    assert (take_counts["calls"], take_counts["read_units"], take_counts["write_units"]) == (
        calls,
        read_units,
        write_units,
    )


def test_a_query_is_counted_page_by_page(counting: CountingEngine) -> None:
    for n in range(9):
        counting.commit([Put(an_item(f"{n}", "pages", contents="x" * 300_000))])
    counting.take_counts()
    assert len(list(counting.query("pages"))) == 9
    assert counting.take_counts()["queries"] == 3


def test_a_page_that_was_not_read_is_not_counted(counting: CountingEngine) -> None:
    for n in range(9):
        counting.commit([Put(an_item(f"{n}", "pages", contents="x" * 300_000))])
    counting.take_counts()
    next(counting.query("pages"))
    assert counting.take_counts()["queries"] == 1


def test_a_refused_commit_is_charged_too(counting: CountingEngine) -> None:
    with pytest.raises(Conflict):
        counting.commit([Put(an_item(v=9), 8)])
    assert counting.take_counts()["write_units"] == 1


def test_taking_the_counts_begins_at_zero_again(counting: CountingEngine) -> None:
    counting.get([("a", "b")])
    counting.take_counts()
    assert set(counting.take_counts().values()) == {0}


def test_the_parts_make_up_the_calls(counting: CountingEngine) -> None:
    counting.get([("a", "b")])
    list(counting.query("a"))
    counting.commit([small()])
    counting.increment(("counter", "x"))
    take_counts = counting.take_counts()
    assert (
        take_counts["gets"] + take_counts["queries"] + take_counts["commits"] + take_counts["increments"]
        == take_counts["calls"]
        == 4
    )


def test_a_counting_engine_has_the_limits_of_the_one_inside(
    counting: CountingEngine, sqlite: SQLiteEngine
) -> None:
    assert (counting.max_writes, counting.max_bytes) == (sqlite.max_writes, sqlite.max_bytes)
