"""Several processes work on one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.contract import process_worker
from tests.contract.factories import an_app, arrived, begin, seen
from tests.contract.process_worker import ROOMS

pytestmark = pytest.mark.e2e

PROCESSES = 4


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


def in_processes(
    pool: ProcessPoolExecutor, work: Callable[..., list[Any]], *each: tuple[Any, ...]
) -> list[Any]:
    """Call `work` in processes at once, with these arguments; return all that they gave."""
    running = [pool.submit(work, *arguments) for arguments in each]
    return [result for future in running for result in future.result()]


def test_thirty_two_from_four_processes_fill_a_network_of_twenty(
    sqlite: SQLiteEngine, pool: ProcessPoolExecutor
) -> None:
    people = arrived(an_app(sqlite, ROOMS["twenty"]), 32)
    arguments = [(str(sqlite.path), "twenty", people[n::PROCESSES]) for n in range(PROCESSES)]
    results = in_processes(pool, process_worker.join, *arguments)
    with begin(sqlite) as work:
        taken = sorted(str(node.id) for node in work.network(1).nodes())
    assert sorted(results) == [*taken, *["no_network"] * 12]


def test_a_chain_joined_from_four_processes_does_not_fork(
    sqlite: SQLiteEngine, pool: ProcessPoolExecutor
) -> None:
    people = arrived(an_app(sqlite, ROOMS["chain"]), 32)
    arguments = [(str(sqlite.path), "chain", people[n::PROCESSES]) for n in range(PROCESSES)]
    in_processes(pool, process_worker.join, *arguments)
    (chain,) = seen(sqlite).values()
    ends = sorted((v["origin_id"], v["destination_id"]) for v in chain["vectors"])
    assert ends == [(100_000 + n, 100_001 + n) for n in range(1, 32)]


def test_infos_posted_from_four_processes_are_all_there_once(
    sqlite: SQLiteEngine, pool: ProcessPoolExecutor
) -> None:
    people = arrived(an_app(sqlite, ROOMS["twenty"]), 1)
    (node,) = process_worker.join(str(sqlite.path), "twenty", people)
    arguments = [(str(sqlite.path), int(node), 10)] * PROCESSES
    made = in_processes(pool, process_worker.post, *arguments)
    with begin(sqlite) as work:
        assert [info.id for info in work.node(int(node)).infos()] == sorted(set(made))
