"""Every engine lets exactly one of several writers win, and tells the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import pytest

from chalicelib.errors import Conflict
from chalicelib.storage.engine import Check, Delete, Engine, Put, Write
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract.engines import an_item, stored
from tests.tools import sqlite_worker

WRITERS = 8
T = TypeVar("T")


def at_once(act: Callable[[int], T]) -> list[T]:
    """Call `act` in eight threads that begin together; return what each gave."""
    barrier = threading.Barrier(WRITERS)

    def begin(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(WRITERS) as threads:
        return list(threads.map(begin, range(WRITERS)))


def wins(engine: Engine, writes_of: Callable[[int], list[Write]]) -> list[int]:
    """Have eight threads commit at once; return the numbers of those that were not refused."""

    def act(number: int) -> bool:
        try:
            engine.commit(writes_of(number))
        except Conflict:
            return False
        return True

    return [number for number, won in enumerate(at_once(act)) if won]


def test_threads_that_count_never_get_the_same_number(engine: Engine) -> None:
    def act(_: int) -> list[int]:
        return [engine.increment(("counter", "participant")) for _ in range(10)]

    numbers = [number for taken in at_once(act) for number in taken]
    assert sorted(numbers) == list(range(1, WRITERS * 10 + 1))


def test_of_writers_of_one_version_exactly_one_wins(engine: Engine) -> None:
    engine.commit([Put(an_item(v=1))])
    assert len(wins(engine, lambda n: [Put(an_item(v=2, id=n), 1)])) == 1


def test_of_makers_of_one_item_exactly_one_wins(engine: Engine) -> None:
    assert len(wins(engine, lambda n: [Put(an_item(id=n), None)])) == 1


def test_of_deleters_of_one_version_exactly_one_wins(engine: Engine) -> None:
    engine.commit([Put(an_item(v=1))])
    assert len(wins(engine, lambda _: [Delete(("a", "b"), 1)])) == 1


def test_the_winners_item_is_stored(engine: Engine) -> None:
    engine.commit([Put(an_item(v=1))])
    (winner,) = wins(engine, lambda n: [Put(an_item(v=2, id=n), 1), Put(an_item(f"of {n}", "c"))])
    assert (stored(engine), [item["sk"] for item in engine.query("c")]) == (
        an_item(v=2, id=winner),
        [f"of {winner}"],
    )


def test_writers_that_try_again_lose_no_update(engine: Engine) -> None:
    engine.commit([Put(an_item(v=1, id=0))])

    def add_three(_: int) -> None:
        done = 0
        while done < 3:
            item = stored(engine)
            assert item is not None
            try:
                engine.commit([Put({**item, "v": item["v"] + 1, "id": item["id"] + 1}, item["v"])])
            except Conflict:
                continue
            done += 1

    at_once(add_three)
    assert stored(engine) == an_item(v=1 + 3 * WRITERS, id=3 * WRITERS)


def test_a_check_keeps_out_who_read_before_the_change(engine: Engine) -> None:
    engine.commit([Put(an_item("root", v=1))])

    def writes_of(number: int) -> list[Write]:
        if number == 0:
            return [Put(an_item("root", v=2), 1)]
        return [Check(("a", "root"), 1), Put(an_item("own", "c", id=number), None)]

    # Either the change came first and no other can write, or one other was before it.
    won = wins(engine, writes_of)
    assert 0 in won
    assert len(won) <= 2


def test_writers_of_different_items_all_win(engine: Engine) -> None:
    writes = [Put(an_item(f"{n}", v=1)) for n in range(WRITERS)]
    engine.commit(writes)
    assert len(wins(engine, lambda n: [Put(an_item(f"{n}", v=2), 1), Put(an_item(f"new {n}"))])) == WRITERS


@pytest.fixture
def other_processes(sqlite: SQLiteEngine) -> Callable[..., list[list[int]]]:
    """Run a worker in two other processes at the same file."""

    def run(worker: Callable[..., list[int]], *arguments: list[object]) -> list[list[int]]:
        with get_context("spawn").Pool(2) as pool:
            return pool.starmap(worker, [(str(sqlite.path), *some) for some in arguments])

    return run


def test_processes_that_count_never_get_the_same_number(
    other_processes: Callable[..., list[list[int]]],
) -> None:
    numbers = other_processes(sqlite_worker.increment_now, [40], [40])
    assert sorted(number for taken in numbers for number in taken) == list(range(1, 81))


def test_processes_may_open_one_file_at_the_same_time(
    other_processes: Callable[..., list[list[int]]],
) -> None:
    assert other_processes(sqlite_worker.open_often, [20], [20]) == [[0] * 20, [0] * 20]


def test_of_processes_exactly_one_makes_each_item(
    sqlite: SQLiteEngine, other_processes: Callable[..., list[list[int]]]
) -> None:
    one, two = other_processes(sqlite_worker.take, [30, "one"], [30, "two"])
    assert sorted(one + two) == list(range(30))
    assert [item["contents"] for item in sqlite.query("a")] == [
        "one" if number in one else "two" for number in range(30)
    ]
