"""Every engine writes under conditions, and all of a commit or nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.errors import Conflict, PetriError
from chalicelib.storage.engine import ANY, Check, Delete, Engine, Expect, Put, Write
from tests.contract.engines import an_item, stored

#: Whether a commit is a single write or one of several is another path through DynamoDB.
COMPANY: list[list[Write]] = [[], [Put(an_item("company"), None)]]


@pytest.fixture(params=COMPANY, ids=["alone", "with another"])
def company(request: pytest.FixtureRequest) -> list[Write]:
    found: list[Write] = request.param
    return found


def test_a_new_item_is_stored(engine: Engine, company: list[Write]) -> None:
    engine.commit([Put(an_item(contents="x")), *company])
    assert stored(engine) == an_item(contents="x")


@pytest.mark.parametrize("expect", [None, 2, 0])
def test_a_put_over_something_else_than_expected_is_a_conflict(
    engine: Engine, company: list[Write], expect: Expect
) -> None:
    engine.commit([Put(an_item(v=1, contents="old"))])
    with pytest.raises(Conflict):
        engine.commit([Put(an_item(v=3, contents="new"), expect), *company])


def test_a_refused_put_changes_nothing(engine: Engine, company: list[Write]) -> None:
    engine.commit([Put(an_item(v=1, contents="old"))])
    with pytest.raises(Conflict):
        engine.commit([Put(an_item(v=3, contents="new"), 2), *company])
    assert list(engine.query("a")) == [an_item(v=1, contents="old")]


def test_a_put_over_nothing_is_a_conflict_when_a_version_is_expected(
    engine: Engine, company: list[Write]
) -> None:
    with pytest.raises(Conflict):
        engine.commit([Put(an_item(v=2), 1), *company])


def test_a_put_over_the_expected_version_replaces_the_whole_item(
    engine: Engine, company: list[Write]
) -> None:
    engine.commit([Put(an_item(v=1, contents="old", property1="x"))])
    engine.commit([Put(an_item(v=2, contents="new"), 1), *company])
    assert stored(engine) == an_item(v=2, contents="new")


@pytest.mark.parametrize("before", [[], [Put(an_item(v=7))]], ids=["nothing", "something"])
def test_a_put_that_expects_anything_is_always_stored(
    engine: Engine, company: list[Write], before: list[Write]
) -> None:
    engine.commit(before)
    engine.commit([Put(an_item(v=1, contents="new"), ANY), *company])
    assert stored(engine) == an_item(v=1, contents="new")


def test_a_deleted_item_can_be_written_again(engine: Engine, company: list[Write]) -> None:
    engine.commit([Put(an_item(v=5))])
    engine.commit([Delete(("a", "b"), 5)])
    engine.commit([Put(an_item(v=1)), *company])
    assert stored(engine) == an_item(v=1)


@pytest.mark.parametrize("expect", [ANY, 4])
def test_a_delete_of_what_is_expected_removes(engine: Engine, company: list[Write], expect: Expect) -> None:
    engine.commit([Put(an_item(v=4))])
    engine.commit([Delete(("a", "b"), expect), *company])
    assert stored(engine) is None


def test_a_delete_of_another_version_is_a_conflict(engine: Engine, company: list[Write]) -> None:
    engine.commit([Put(an_item(v=4))])
    with pytest.raises(Conflict):
        engine.commit([Delete(("a", "b"), 3), *company])


def test_a_refused_delete_removes_nothing(engine: Engine, company: list[Write]) -> None:
    engine.commit([Put(an_item(v=4))])
    with pytest.raises(Conflict):
        engine.commit([Delete(("a", "b"), 3), *company])
    assert stored(engine) == an_item(v=4)


def test_a_delete_of_a_version_that_is_gone_is_a_conflict(engine: Engine, company: list[Write]) -> None:
    with pytest.raises(Conflict):
        engine.commit([Delete(("a", "b"), 1), *company])


def test_a_delete_that_expects_anything_may_find_nothing(engine: Engine, company: list[Write]) -> None:
    engine.commit([Delete(("a", "b")), *company])
    assert stored(engine) is None


@pytest.mark.parametrize(("version", "expect"), [(3, 3), (None, None)])
def test_a_check_that_holds_lets_the_commit_pass(
    engine: Engine, company: list[Write], version: int | None, expect: int | None
) -> None:
    if version is not None:
        engine.commit([Put(an_item(v=version))])
    engine.commit([Check(("a", "b"), expect), *company])
    assert len(list(engine.query("a"))) == len(company) + (version is not None)


@pytest.mark.parametrize(("version", "expect"), [(3, 2), (3, None), (None, 3)])
def test_a_check_that_fails_is_a_conflict(
    engine: Engine, company: list[Write], version: int | None, expect: int | None
) -> None:
    if version is not None:
        engine.commit([Put(an_item(v=version))])
    with pytest.raises(Conflict):
        engine.commit([Check(("a", "b"), expect), *company])


@pytest.mark.parametrize(
    "failing",
    [
        Put(an_item("there", v=2), None),
        Put(an_item("there", v=9), 8),
        Delete(("a", "there"), 2),
        Check(("a", "there"), 2),
        Check(("a", "there"), None),
    ],
    ids=["put new", "put", "delete", "check", "check absent"],
)
def test_one_write_that_fails_in_the_middle_keeps_all_others_out(engine: Engine, failing: Write) -> None:
    before = [an_item("deleted"), an_item("replaced"), an_item("there")]
    engine.commit([Put(item) for item in before])
    with pytest.raises(Conflict):
        engine.commit(
            [
                Put(an_item("first")),
                Put(an_item("replaced", v=2), 1),
                failing,
                Delete(("a", "deleted"), 1),
                Put(an_item("last")),
            ]
        )
    assert list(engine.query("a")) == before


def test_a_commit_of_everything_at_once_is_carried_out(engine: Engine) -> None:
    engine.commit([Put(an_item("checked")), Put(an_item("deleted")), Put(an_item("replaced"))])
    engine.commit(
        [
            Check(("a", "checked"), 1),
            Delete(("a", "deleted"), 1),
            Put(an_item("made")),
            Put(an_item("replaced", v=2), 1),
        ]
    )
    assert list(engine.query("a")) == [an_item("checked"), an_item("made"), an_item("replaced", v=2)]


def test_a_hundred_writes_are_one_commit(engine: Engine) -> None:
    engine.commit([Put(an_item(f"{n:03d}")) for n in range(100)])
    assert len(list(engine.query("a"))) == 100


def test_a_hundred_writes_with_a_failing_last_leave_nothing(engine: Engine) -> None:
    with pytest.raises(Conflict):
        engine.commit([*(Put(an_item(f"{n:03d}")) for n in range(99)), Check(("a", "gone"), 1)])
    assert list(engine.query("a")) == []


def test_an_engine_takes_at_least_a_hundred_writes_and_three_megabytes(engine: Engine) -> None:
    assert (engine.max_writes >= 100, engine.max_bytes >= 3_000_000) == (True, True)


def test_a_commit_of_three_megabytes_is_carried_out(engine: Engine) -> None:
    engine.commit([Put(an_item(f"{n}", contents="x" * 300_000)) for n in range(10)])
    assert sum(len(item["contents"]) for item in engine.query("a")) == 3_000_000


def test_an_empty_commit_does_nothing(engine: Engine) -> None:
    engine.commit([])
    assert list(engine.query("a")) == []


def test_a_counter_begins_at_nothing(engine: Engine) -> None:
    assert engine.increment(("counter", "participant")) == 1


def test_a_counter_continues(engine: Engine) -> None:
    engine.increment(("counter", "participant"))
    assert engine.increment(("counter", "participant"), 5) == 6


def test_a_counter_can_be_read_like_any_item(engine: Engine) -> None:
    engine.increment(("counter", "participant"), 3)
    assert stored(engine, "participant", "counter") == an_item("participant", "counter", v=3, kind="counter")


def test_counters_are_apart(engine: Engine) -> None:
    engine.increment(("counter", "one"), 3)
    assert engine.increment(("counter", "two")) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.get([("a", "b")]),
        lambda engine: engine.get([("a", "b"), ("a", "c")]),
        lambda engine: list(engine.query("a")),
        lambda engine: list(engine.query_until("a", "b")),
        lambda engine: engine.commit([Put(an_item())]),
        lambda engine: engine.commit([Put(an_item()), Put(an_item("c"))]),
        lambda engine: engine.commit([Delete(("a", "b"))]),
        lambda engine: engine.increment(("counter", "x")),
    ],
    ids=["get", "get many", "query", "query until", "put", "transaction", "delete", "increment"],
)
def test_a_closed_engine_says_that_it_is_closed(
    closed_engine: Engine, call: Callable[[Engine], object]
) -> None:
    with pytest.raises(PetriError, match="closed"):
        call(closed_engine)


def test_an_engine_may_be_closed_twice(closed_engine: Engine) -> None:
    closed_engine.close()
    with pytest.raises(PetriError, match="closed"):
        closed_engine.get([("a", "b")])
