"""A run's file that another process keeps locked: reads go on, writes wait, or are refused whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.errors import Busy, Conflict
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite import sqlite_engine
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine

pytestmark = pytest.mark.e2e

KEY = ("rooms", "#")
COUNTER = ("counter", "participant")
#: Holds the file's write lock from its first line of output until it reads a line.
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
#: What writes.
WRITES: dict[str, Callable[[SQLiteEngine], object]] = {
    "a commit": lambda engine: engine.commit([Put(item(1), None)]),
    "a counter": lambda engine: engine.increment(COUNTER),
}


def item(version: int) -> dict[str, object]:
    return {"pk": KEY[0], "sk": KEY[1], "kind": "rooms_header", "last_room": version, "v": version}


class Holder:
    """Another process that has the file open."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "locked\n"

    def let_go(self) -> None:
        """Unlock the file and end; again: nothing."""
        if self.process.returncode is None:
            self.process.communicate("\n", timeout=60)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    made = SQLiteEngine(tmp_path / "run.sqlite")
    yield made
    made.close()


@pytest.fixture
def holder(engine: SQLiteEngine) -> Iterator[Holder]:
    made = Holder(engine.path)
    yield made
    made.let_go()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_engine, "BUSY_TIMEOUT", 0.05)


@pytest.mark.parametrize("what", WRITES)
def test_a_write_waits_until_another_process_lets_go(engine: SQLiteEngine, holder: Holder, what: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(WRITES[what], engine)
        holder.let_go()
        written.result()
    assert engine.get([KEY, COUNTER]) != {}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("what", WRITES)
def test_a_write_that_times_out_is_busy_and_writes_nothing(tmp_path: Path, what: str) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    holder = Holder(engine.path)
    try:
        with pytest.raises(Busy, match="Another process keeps the run's file locked"):
            WRITES[what](engine)
    finally:
        holder.let_go()
    assert engine.get([KEY, COUNTER]) == {}
    WRITES[what](engine)
    engine.close()


@pytest.mark.usefixtures("impatient")
def test_commits_stay_durable_after_a_counter_timed_out(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    holder = Holder(engine.path)
    with pytest.raises(Busy):
        engine.increment(COUNTER)
    holder.let_go()
    (level,) = engine._connection.execute("PRAGMA synchronous").fetchone()
    engine.close()
    assert level == 2  # FULL


@pytest.mark.usefixtures("holder")
def test_reads_succeed_while_another_process_writes(engine: SQLiteEngine) -> None:
    assert (engine.get([KEY]), engine.count("rooms"), list(engine.query("rooms"))) == ({}, 0, [])


def test_a_conflict_lets_the_file_go(engine: SQLiteEngine) -> None:
    engine.commit([Put(item(1), None)])
    with pytest.raises(Conflict):
        engine.commit([Put(item(1), None)])
    Holder(engine.path).let_go()
    engine.commit([Put(item(2), 1)])
    assert engine.get([KEY])[KEY]["v"] == 2
