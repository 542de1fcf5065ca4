"""Commits beyond an engine's limits: what they stage, publish and clean up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.errors import CommitTooLarge, Conflict
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.storage import large_commits
from chalicelib.storage.engine import Delete, Engine, Item, Put, Write
from chalicelib.storage.engine_wrapper import EngineWrapper
from chalicelib.storage.large_commits import LargeCommit, RoomLeft
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = keys.root(1)


class Small(EngineWrapper):
    """Takes five writes and a thousand bytes at a time, and keeps what was committed."""

    max_writes = 5
    max_bytes = 1000

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.commits: list[list[Write]] = []
        #: The number of the commit that meets a conflict.
        self.fails_at = 0

    def commit(self, writes: Sequence[Write]) -> None:
        self.commits.append(list(writes))
        assert len(writes) <= self.max_writes
        if len(self.commits) == self.fails_at:
            raise Conflict("Another request was first.")
        super().commit(writes)


@pytest.fixture
def engine() -> Iterator[Small]:
    inner = SQLiteEngine(":memory:")
    inner.commit([Put({"pk": ROOT[0], "sk": ROOT[1], "kind": "network", "v": 3, "role": "experiment"}, None)])
    yield Small(inner)
    inner.close()


def item(number: int, network: int = 1, **fields: Any) -> Put:
    """A new item of a network."""
    return Put({"pk": f"net#{network}", "sk": f"n#{number:03d}", "kind": "node", "v": 1, **fields}, None)


def new_root(network: int) -> Put:
    pk, sk = keys.root(network)
    return Put({"pk": pk, "sk": sk, "kind": "network", "v": 1}, None)


def changed(number: int) -> Put:
    """A change of an existing item."""
    return Put({"pk": "participant", "sk": str(number), "kind": "participant", "v": 2}, 1)


def large(engine: Small) -> LargeCommit:
    return LargeCommit(engine, NOW, lambda number: engine.get([keys.root(number)]).get(keys.root(number)))


def stored(engine: Small, key: tuple[str, str] = ROOT) -> Item:
    return engine.get([key])[key]


def items(engine: Small, network: int = 1) -> dict[str, Any]:
    return {found["sk"]: found.get("s") for found in engine.query(f"net#{network}")}


# -- limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "is_large"), [(5, False), (6, True)])
def test_a_commit_with_more_writes_than_the_engine_takes_is_large(
    engine: Small, count: int, is_large: bool
) -> None:
    assert large_commits.is_large(engine, [Delete(("a", str(n))) for n in range(count)]) is is_large


@pytest.mark.parametrize(
    ("count", "is_large"), [(9, False), (10, True)], ids=["always fits", "has to be measured"]
)
def test_ten_writes_or_more_are_measured(engine: Small, count: int, is_large: bool) -> None:
    engine.max_writes = 50
    assert large_commits.is_large(engine, [item(n, text="x" * 400) for n in range(count)]) is is_large


@pytest.mark.parametrize(("most", "is_large"), [(1000, False), (999, True)])
def test_a_deletion_counts_a_hundred_bytes(engine: Small, most: int, is_large: bool) -> None:
    engine.max_writes, engine.max_bytes = 50, most
    assert large_commits.is_large(engine, [Delete(("a", str(n))) for n in range(10)]) is is_large


def test_the_share_of_a_commit_is_the_larger_of_writes_and_bytes(engine: Small) -> None:
    assert large_commits.share_of_commit(engine, [Delete(("a", "1")), Delete(("a", "2"))]) == 0.4
    engine.max_bytes = 250
    assert large_commits.share_of_commit(engine, [Delete(("a", "1")), Delete(("a", "2"))]) == 0.8


def test_room_is_taken_by_writes_and_bytes_all_or_none(engine: Small) -> None:
    one = [Delete(("a", "1"))]
    room = RoomLeft(engine, one, more=1)
    assert [room.take(one), room.take(one * 3), room.take(one * 2), room.take(one)] == [
        True,
        False,
        True,
        False,
    ]
    engine.max_writes, engine.max_bytes = 50, 350
    room = RoomLeft(engine, one, more=0)
    assert [room.take(one * 3), room.take(one * 2), room.take(one)] == [False, True, False]


@pytest.mark.parametrize(
    ("writes", "fits"),
    [
        ([changed(n) for n in range(5)], True),
        ([changed(n) for n in range(6)], False),
        ([item(n) for n in range(20)], True),
        ([*(item(n) for n in range(20)), *(changed(n) for n in range(4))], True),
        ([*(item(n) for n in range(20)), *(changed(n) for n in range(5))], False),
        ([*(item(n) for n in range(9)), item(1, 2)], False),
        ([new_root(2), new_root(3), *(item(n, 2) for n in range(9))], True),
        ([new_root(2), *(item(n) for n in range(9))], False),
    ],
    ids=[
        "small",
        "changes",
        "one network",
        "few changes",
        "many changes",
        "two",
        "new networks",
        "new and old",
    ],
)
def test_a_large_commit_makes_items_in_one_network_or_in_new_ones(
    engine: Small, writes: list[Write], fits: bool
) -> None:
    assert large_commits.fits(engine, writes) is fits


# -- committing -------------------------------------------------------------------------------------


def test_items_are_staged_in_batches_and_published_with_all_changes(engine: Small) -> None:
    engine._engine.commit([Put({**changed(1).item, "v": 1}, None)])
    large(engine).commit([*(item(n) for n in range(10)), changed(1)])
    assert [len(writes) for writes in engine.commits] == [1, 5, 5, 3, 2]
    root = stored(engine)
    assert (root["v"], root["pub"], root["role"], "lease" in root) == (5, 1, "experiment", False)
    assert items(engine) == {f"n#{n:03d}": 1 for n in range(10)}
    large(engine).commit([item(n) for n in range(10, 20)])
    assert (stored(engine)["pub"], stored(engine)["v"]) == (2, 7)
    assert set(list(items(engine).values())[10:]) == {2}


def test_a_batch_holds_as_many_bytes_as_the_engine_takes(engine: Small) -> None:
    large(engine).commit([item(n, text="x" * 400) for n in range(6)])
    assert [len(writes) for writes in engine.commits] == [1, 3, 3, 3, 1]


def test_the_lease_names_its_writer_and_ends_in_twenty_seconds(engine: Small) -> None:
    began = datetime.now(UTC)
    large(engine).commit([item(n) for n in range(10)])
    (taken,) = engine.commits[0]
    assert isinstance(taken, Put)
    assert (taken.expect, taken.item["v"], taken.item["role"]) == (3, 4, "experiment")
    lease = taken.item["lease"]
    assert set(lease) == {"by", "until"}
    assert len(lease["by"]) == 16
    until = datetime.fromisoformat(lease["until"])
    assert began + timedelta(seconds=20) <= until <= datetime.now(UTC) + timedelta(seconds=20)


def test_a_change_of_the_holder_itself_is_published(engine: Small) -> None:
    own = Put({**stored(engine), "v": 4, "role": "practice"}, 3)
    large(engine).commit([own, *(item(n) for n in range(10))])
    assert (stored(engine)["role"], stored(engine)["v"]) == ("practice", 5)


def test_a_holder_that_has_changed_is_a_conflict_before_anything_is_written(engine: Small) -> None:
    own = Put({**stored(engine), "v": 3}, 2)
    with pytest.raises(Conflict):
        large(engine).commit([own, *(item(n) for n in range(10))])
    assert engine.commits == []


def test_new_networks_become_visible_with_the_header(engine: Small) -> None:
    made = [new_root(2), new_root(3), *(item(n, 2) for n in range(4)), *(item(n, 3) for n in range(4))]
    large(engine).commit(made)
    (taken,) = engine.commits[0]
    assert isinstance(taken, Put)
    assert (taken.expect, taken.item["kind"], taken.item["last_id"]) == (None, "networks_header", 0)
    assert taken.item["lease"]["networks"] == [2, 3]
    header = stored(engine, keys.HEADER)
    assert (header["v"], header["pub"], header["kind"], "lease" in header) == (2, 1, "networks_header", False)
    assert [stored(engine, keys.root(number))["s"] for number in (2, 3)] == [1, 1]
    assert set(items(engine, 2).values()) == {None}
    large(engine).commit([new_root(4), *(item(n, 4) for n in range(8))])
    assert (stored(engine, keys.HEADER)["pub"], stored(engine, keys.root(4))["s"]) == (2, 2)


@pytest.mark.parametrize(
    ("writes", "told"),
    [
        ([changed(n) for n in range(6)], "One request changes 6 existing records"),
        ([*(item(n) for n in range(9)), *(changed(n) for n in range(5))], "changes 5 existing records"),
        ([*(item(n) for n in range(9)), item(1, 2)], "makes too much in 2 networks at once"),
        ([new_root(2), *(item(n) for n in range(9))], "makes too much in 1 networks at once"),
    ],
)
def test_what_cannot_be_written_at_one_moment_is_refused(
    engine: Small, writes: list[Write], told: str
) -> None:
    with pytest.raises(CommitTooLarge, match=told):
        large(engine).commit(writes)
    assert engine.commits == []


# -- failing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", [2, 3, 5])
def test_a_commit_that_fails_deletes_what_it_staged_and_ends_its_lease(engine: Small, fails_at: int) -> None:
    engine.fails_at = fails_at
    with pytest.raises(Conflict):
        large(engine).commit([item(n) for n in range(10)])
    root = stored(engine)
    assert (items(engine), "lease" in root, root.get("pub")) == ({}, False, None)
    engine.fails_at = 0
    large(engine).commit([item(n) for n in range(10)])
    assert len(items(engine)) == 10


@pytest.mark.parametrize("fails_at", [3, 4])
def test_new_networks_that_failed_leave_nothing(engine: Small, fails_at: int) -> None:
    engine.fails_at = fails_at
    with pytest.raises(Conflict):
        large(engine).commit([new_root(2), *(item(n, 2) for n in range(9))])
    assert (items(engine, 2), engine.get([keys.root(2)])) == ({}, {})
    assert "lease" not in stored(engine, keys.HEADER)


def test_a_large_commit_that_fails_leaves_the_network_that_another_request_has_made(engine: Small) -> None:
    engine._engine.commit([new_root(2), item(0, 2)])
    with pytest.raises(Conflict):
        large(engine).commit([new_root(2), *(item(n, 2) for n in range(9))])
    assert (list(items(engine, 2)), stored(engine, keys.root(2))["v"]) == (["n#000"], 1)


def dead(engine: Small, seconds: float) -> None:
    """Leave the lease of a dead writer that ends in so many seconds, and what it staged."""
    large(engine).commit([item(n) for n in range(10)])
    root = stored(engine)
    lease = {"by": "another", "until": iso(datetime.now(UTC) + timedelta(seconds=seconds))}
    engine._engine.commit([Put({**root, "v": root["v"] + 1, "lease": lease}, root["v"])])
    engine._engine.commit([item(n, s=2) for n in range(10, 14)])
    engine.commits.clear()


def test_a_lease_that_has_not_expired_is_a_conflict_and_stays(engine: Small) -> None:
    dead(engine, 15)
    with pytest.raises(Conflict):
        large(engine).commit([item(n) for n in range(20, 30)])
    assert (engine.commits, len(items(engine))) == ([], 14)


def test_an_expired_lease_is_cleaned_up_and_the_request_is_tried_again(engine: Small) -> None:
    dead(engine, -1)
    version = stored(engine)["v"]
    with pytest.raises(Conflict):
        large(engine).commit([item(n) for n in range(20, 30)])
    root = stored(engine)
    assert (root["v"], root["pub"], "lease" in root) == (version + 2, 1, False)
    assert len(items(engine)) == 10
    large(engine).commit([item(n) for n in range(20, 30)])
    assert len(items(engine)) == 20


def test_the_clock_of_the_request_or_the_machine_ends_a_lease() -> None:
    lease = {"until": iso(datetime.now(UTC) + timedelta(minutes=5))}
    assert large_commits.lease_has_expired(lease, datetime.now(UTC) + timedelta(minutes=6))
    assert not large_commits.lease_has_expired(lease, NOW)
    assert large_commits.lease_has_expired({"until": iso(NOW)}, NOW - timedelta(days=1))


@pytest.mark.parametrize(("by", "is_left"), [(None, False), ("another", False), ("a third", True)])
def test_a_writer_cleans_up_after_the_dead_and_itself(engine: Small, by: str | None, is_left: bool) -> None:
    dead(engine, -1)
    large_commits.recover(engine, ROOT, by)
    assert ("lease" in stored(engine), len(items(engine))) == ((True, 14) if is_left else (False, 10))


def test_without_a_lease_there_is_nothing_to_clean_up(engine: Small) -> None:
    large_commits.recover(engine, ROOT)
    large_commits.recover(engine, keys.root(9))
    large_commits.require_unlocked(engine, ROOT, stored(engine), NOW)
    large_commits.require_unlocked(engine, ROOT, None, NOW)
    assert engine.commits == []


@pytest.mark.parametrize("most", [5, 200])
def test_many_staged_items_are_deleted_in_batches(engine: Small, most: int) -> None:
    dead(engine, -1)
    engine._engine.commit([item(n, s=2) for n in range(100, 200)])
    engine.max_writes = most
    large_commits.recover(engine, ROOT)
    sizes = [len(writes) for writes in engine.commits]
    assert sum(sizes) == 104 + 2
    assert max(sizes) == min(most, 50)
    assert len(items(engine)) == 10
