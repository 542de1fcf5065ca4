"""Every engine returns a collection page by page, and the fields that are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.errors import BadRequest
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from chalicelib.storage.engine import LARGEST_PAGE, Delete, Engine, ItemPage, Put
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.simulate.counting_engine import CountingEngine
from tests.contract.engines import an_item
from tests.tools.torn import TornEngine

SKS = [f"n#{number:02d}" for number in range(7)]


@pytest.fixture(params=["sqlite", "dynamodb", "torn"])
def paged(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, with seven items and others around them."""
    engine: Engine = request.getfixturevalue(request.param)
    others = [an_item("m"), an_item("n"), an_item("o#1"), an_item("n#00", "ab")]
    engine.commit([Put(item) for item in [*map(an_item, SKS), *others]])
    return engine


def pages(engine: Engine, limit: int, *, newest_first: bool = False) -> Iterator[ItemPage]:
    after = None
    while True:
        page = engine.page("a", prefix="n#", after=after, limit=limit, newest_first=newest_first)
        yield page
        after = page.after
        if after is None:
            return


def sks(page: ItemPage) -> list[str]:
    return [item["sk"] for item in page.items]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_pages_hold_each_item_once_and_the_last_page_has_no_cursor(
    paged: Engine, newest_first: bool
) -> None:
    found = [sks(page) for page in pages(paged, 3, newest_first=newest_first)]
    order = SKS[::-1] if newest_first else SKS
    assert found == [order[:3], order[3:6], order[6:]]


def test_a_page_with_all_items_has_no_cursor(paged: Engine) -> None:
    assert paged.page("a", prefix="n#", limit=7) == ItemPage([an_item(sk) for sk in SKS], None)


def test_a_page_without_prefix_is_of_the_whole_collection(paged: Engine) -> None:
    page = paged.page("a", limit=2)
    assert (sks(page), sks(paged.page("a", after=page.after, limit=8))) == (
        ["m", "n"],
        [*SKS, "o#1"],
    )


def test_an_empty_collection_has_an_empty_page(paged: Engine) -> None:
    assert paged.page("gone", prefix="n#") == ItemPage([], None)


def test_a_page_begins_after_an_item_that_was_deleted(paged: Engine) -> None:
    paged.commit([Delete(("a", "n#02"))])
    forward = paged.page("a", prefix="n#", after="n#02", limit=2)
    backward = paged.page("a", prefix="n#", after="n#02", limit=2, newest_first=True)
    assert (sks(forward), sks(backward)) == (["n#03", "n#04"], ["n#01", "n#00"])


def test_items_that_come_later_than_the_cursor_are_on_the_next_page(paged: Engine) -> None:
    page = paged.page("a", prefix="n#", after="n#05", limit=5)
    paged.commit([Put(an_item("n#99"))])
    assert (page.after, sks(paged.page("a", prefix="n#", after="n#06"))) == (None, ["n#99"])


@pytest.mark.parametrize("limit", [0, -1, LARGEST_PAGE + 1, 1_000_000])
def test_a_limit_that_no_page_has_is_refused(paged: Engine, limit: int) -> None:
    with pytest.raises(BadRequest, match="1 to 1000"):
        paged.page("a", limit=limit)


@pytest.mark.parametrize("cursor", ["", "m", "n", "o#1", "' OR 1=1 --"])
def test_a_cursor_of_another_list_is_refused(paged: Engine, cursor: str) -> None:
    with pytest.raises(BadRequest) as refused:
        paged.page("a", prefix="n#", after=cursor)
    assert refused.value.code == "bad_cursor"


def test_a_page_of_large_items_is_short_and_the_rest_follows(engine: Engine) -> None:
    for number in range(5):
        engine.commit([Put(an_item(f"n#{number}", contents="x" * 300_000))])
    first, *rest = (sks(page) for page in pages(engine, 100))
    assert len(first) == 3
    assert [*first, *(sk for page in rest for sk in page)] == [f"n#{number}" for number in range(5)]


def test_a_page_holds_only_the_fields_that_are_asked_for(engine: Engine) -> None:
    engine.commit([Put(an_item(contents="long", details={"a": [1.5]}, failed=True, own=None))])
    (item,) = engine.page("a", fields=["failed", "details", "own", "absent"]).items
    assert item == an_item(failed=True, details={"a": [1.5]}, own=None)


@pytest.mark.parametrize("kind", ["info", "listed"])
def test_a_field_is_found_whether_or_not_its_kind_names_it(engine: Engine, kind: str) -> None:
    engine.commit([Put(an_item("one", kind=kind, seated=True, type=2.5))])
    assert engine.page("a", fields=["seated", "type"]).items == [
        an_item("one", kind=kind, seated=True, type=2.5)
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_fields_of_single_items_are_read(engine: Engine, number: int) -> None:
    engine.commit([Put(an_item(sk, contents="x", type=sk, size=1)) for sk in SKS])
    wanted = [("a", sk) for sk in [*SKS[:number], "gone"]]
    assert engine.get_fields(wanted[: -1 if number == 1 else None], ["type", "size"]) == {
        ("a", sk): an_item(sk, type=sk, size=1) for sk in SKS[:number]
    }


def test_keys_that_dynamodb_leaves_unprocessed_are_asked_for_again(own_dynamodb: DynamoDBEngine) -> None:
    from tests.tools.moto_dynamodb import leave_keys

    own_dynamodb.commit([Put(an_item(sk, contents="x", type=sk)) for sk in SKS])
    leave_keys(own_dynamodb, 2)
    found = own_dynamodb.get_fields([("a", sk) for sk in SKS], ["type"])
    assert found == {("a", sk): an_item(sk, type=sk) for sk in SKS}


def test_a_page_is_one_query_that_costs_what_it_reads(sqlite: SQLiteEngine) -> None:
    counting = CountingEngine(sqlite)
    counting.commit([Put(an_item(sk, contents="x" * 4096)) for sk in SKS])
    counting.take_counts()
    page = counting.page("a", limit=3, fields=["type"])
    counts = counting.take_counts()
    assert page.items == [an_item(sk) for sk in SKS[:3]]
    assert (counts["calls"], counts["queries"], counts["read_units"]) == (1, 1, 4)


def test_a_page_during_a_commit_holds_items_from_before_and_after(sqlite: SQLiteEngine) -> None:
    seen: list[list[int]] = []
    torn = TornEngine(
        sqlite,
        between=lambda: seen.append([item["v"] for item in torn.page("a", limit=3, fields=[]).items]),
    )
    torn.commit([Put(an_item(sk)) for sk in SKS[:3]])
    seen.clear()
    torn.commit([Put(an_item(sk, v=2), 1) for sk in SKS[:3]])
    assert [sum(versions) for versions in seen] == [3, 4, 5]


def test_a_unit_of_work_reads_pages_and_fields_that_do_not_conflict(engine: Engine) -> None:
    engine.commit([Put(an_item(sk, type="old")) for sk in SKS])
    with EngineStore(engine).begin(datetime(2026, 3, 2, tzinfo=UTC)) as uow:
        page = uow.page("a", prefix="n#", limit=2, fields=["type"], newest_first=True)
        fields = uow.get_fields([("a", "n#00"), ("a", "gone")], ["type"])
        engine.commit([Put(an_item(sk, type="new", v=2), 1) for sk in SKS])
        assert uow.is_unchanged()
    assert page == ItemPage([an_item("n#06", type="old"), an_item("n#05", type="old")], "n#05")
    assert fields == {("a", "n#00"): an_item("n#00", type="old")}
