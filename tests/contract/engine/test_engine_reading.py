"""Every engine reads what was stored, completely and in order."""

from __future__ import annotations

from chalicelib.storage.engine import Engine, Put
from tests.contract.engines import an_item, stored

PAGE = 1024 * 1024


def put_all(engine: Engine, *sks: str, pk: str = "a") -> None:
    for start in range(0, len(sks), 100):
        engine.commit([Put(an_item(sk, pk)) for sk in sks[start : start + 100]])


def test_missing_items_are_not_in_the_result(engine: Engine) -> None:
    put_all(engine, "here")
    assert list(engine.get([("a", "here"), ("a", "gone")])) == [("a", "here")]


def test_getting_nothing_gives_nothing(engine: Engine) -> None:
    assert engine.get([]) == {}


def test_a_single_missing_key_gives_nothing(engine: Engine) -> None:
    assert engine.get([("a", "gone")]) == {}


def test_a_key_asked_for_twice_is_answered_once(engine: Engine) -> None:
    put_all(engine, "b", "c")
    assert len(engine.get([("a", "b"), ("a", "c"), ("a", "b")])) == 2


def test_two_hundred_and_fifty_keys_are_got_at_once(engine: Engine) -> None:
    sks = [f"{n:03d}" for n in range(250)]
    put_all(engine, *sks)
    assert set(engine.get([("a", sk) for sk in sks])) == {("a", sk) for sk in sks}


def test_keys_of_several_collections_are_got_at_once(engine: Engine) -> None:
    put_all(engine, "b", pk="one")
    put_all(engine, "b", pk="two")
    assert set(engine.get([("one", "b"), ("two", "b")])) == {("one", "b"), ("two", "b")}


def test_keys_may_come_from_a_generator(engine: Engine) -> None:
    put_all(engine, "b", "c")
    assert len(engine.get(("a", sk) for sk in "bc")) == 2


def test_a_query_sees_only_its_collection(engine: Engine) -> None:
    put_all(engine, "b", pk="a")
    put_all(engine, "b", pk="ab")
    assert [item["pk"] for item in engine.query("a")] == ["a"]


def test_a_collection_is_counted(engine: Engine) -> None:
    put_all(engine, "b", "c")
    put_all(engine, "b", pk="ab")
    assert engine.count("a") == 2


def test_items_with_a_prefix_are_counted(engine: Engine) -> None:
    put_all(engine, "new#1", "new#2", "old#1")
    assert engine.count("a", "new#") == 2


def test_nothing_counts_as_nothing(engine: Engine) -> None:
    assert engine.count("gone") == 0


def test_a_collection_over_several_pages_is_counted_whole(engine: Engine) -> None:
    engine.commit([Put(an_item(f"{n}", contents="x" * 300_000)) for n in range(5)])
    assert engine.count("a") == 5


def test_a_query_comes_in_order_of_sk(engine: Engine) -> None:
    put_all(engine, "c", "a", "ba", "b")
    assert [item["sk"] for item in engine.query("a")] == ["a", "b", "ba", "c"]


def test_order_is_that_of_bytes_in_utf_8(engine: Engine) -> None:
    put_all(engine, "é", "z", "B", "\uffff", "😀", "#")
    assert [item["sk"] for item in engine.query("a")] == ["#", "B", "z", "é", "\uffff", "😀"]


def test_a_query_sees_only_its_prefix(engine: Engine) -> None:
    put_all(engine, "at#1/", "at#1/#", "at#1/info", "at#10/#", "at#2/#", "at")
    assert [item["sk"] for item in engine.query("a", "at#1/")] == ["at#1/", "at#1/#", "at#1/info"]


def test_a_prefix_is_taken_literally(engine: Engine) -> None:
    put_all(engine, "a%b", "a_b", "axb")
    assert [item["sk"] for item in engine.query("a", "a%")] == ["a%b"]


def test_an_empty_collection_yields_nothing(engine: Engine) -> None:
    assert list(engine.query("a", "x")) == []


def test_a_query_until_takes_the_last_and_nothing_after_it(engine: Engine) -> None:
    put_all(engine, "1", "2", "2#", "3")
    assert [item["sk"] for item in engine.query_until("a", "2")] == ["1", "2"]


def test_a_query_of_several_pages_is_complete(engine: Engine) -> None:
    for n in range(9):
        engine.commit([Put(an_item(f"{n}", contents="x" * 300_000))])
    assert [item["sk"] for item in engine.query("a")] == [f"{n}" for n in range(9)]


def test_a_query_until_of_several_pages_is_complete(engine: Engine) -> None:
    for n in range(9):
        engine.commit([Put(an_item(f"{n}", contents="x" * 300_000))])
    assert [item["sk"] for item in engine.query_until("a", "7")] == [f"{n}" for n in range(8)]


def test_a_collection_may_change_while_it_is_read(engine: Engine) -> None:
    put_all(engine, *(f"{n:03d}" for n in range(30)))
    seen = []
    for item in engine.query("a"):
        seen.append(item["sk"])
        engine.commit([Put({**item, "v": 2}, 1)])
    assert seen == [f"{n:03d}" for n in range(30)]


def test_a_read_sees_the_commit_before_it(engine: Engine) -> None:
    put_all(engine, "b")
    engine.commit([Put(an_item(v=2, contents="new"), 1)])
    assert stored(engine) == an_item(v=2, contents="new")


def test_changing_what_was_read_changes_nothing_stored(engine: Engine) -> None:
    engine.commit([Put(an_item(details={"list": [1]}))])
    found = stored(engine)
    assert found is not None
    found["details"]["list"].append(2)
    assert stored(engine) == an_item(details={"list": [1]})


def test_several_collections_are_read_one_after_the_other(engine: Engine) -> None:
    for pk in ("b", "a", "c"):
        engine.commit([Put(an_item(sk, pk)) for sk in ("y", "x")])
    assert [(item["pk"], item["sk"]) for item in engine.query_each(["a", "b"])] == [
        ("a", "x"),
        ("a", "y"),
        ("b", "x"),
        ("b", "y"),
    ]


def test_several_collections_are_counted_together(engine: Engine) -> None:
    for pk in ("a", "b", "c"):
        engine.commit([Put(an_item(sk, pk)) for sk in ("on", "over")])
    assert engine.count_each(["a", "c", "gone"], "on") == 2
