"""Another process locks the run's file: reads are served, and writes wait without blocking the event loop."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from chalicelib.errors import Busy, PetriError
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.unit.cli.study import serving, write_study

pytestmark = pytest.mark.e2e

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("free", flush=True)
sys.stdin.readline()
"""
IDS = {"workerId": "w", "hitId": "h", "assignmentId": "a", "mode": "debug", "recruiter": "hotair"}


def item(number: int, text: str = "") -> Put:
    return Put({"pk": "p", "sk": str(number), "kind": "counter", "v": 1, "text": text}, None)


def test_reads_succeed_and_writes_wait_while_another_process_locks_the_file(tmp_path: Path) -> None:
    write_study(tmp_path / "whispers")
    with serving(tmp_path, "debug", "whispers", "--id", "one", "--no-browser", "--port", "0") as (_, url):
        foreign = subprocess.Popen(
            [sys.executable, "-c", LOCK, str(tmp_path / "runs" / "one.sqlite")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with foreign:
            assert foreign.stdout is not None
            assert foreign.stdin is not None
            assert foreign.stdout.readline() == "locked\n"
            answers: list[requests.Response] = []
            writing = threading.Thread(
                target=lambda: answers.append(requests.post(f"{url}/participant", IDS, timeout=60))
            )
            writing.start()
            for _ in range(5):
                assert requests.get(f"{url}/may-take-part", params=IDS, timeout=10).status_code == 200
            assert answers == []
            foreign.stdin.write("\n")
            foreign.stdin.flush()
            assert foreign.stdout.readline() == "free\n"
            writing.join(timeout=60)
            foreign.stdin.write("\n")
        assert [answer.status_code for answer in answers] == [200]


def test_a_full_disk_is_reported_and_the_sync_retried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.closing(SQLiteEngine(tmp_path / "run.sqlite")) as engine:
        engine.commit([item(1)])
        pages = engine._connection.execute("PRAGMA page_count").fetchone()[0]
        engine._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(Busy) as refused:
            engine.commit([item(2, "x" * 100_000)])
        assert refused.value.code == "file_not_writable"
        assert "the disk is full" in caplog.text
        engine._connection.execute("PRAGMA max_page_count=1000000")
        engine.commit([item(2, "x" * 100_000)])
        assert engine.count("p") == 2


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(PetriError, match=r"run\.sqlite can't be used"):
        SQLiteEngine(tmp_path / "no such folder" / "run.sqlite")


def test_a_file_that_may_only_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.sqlite"
    sqlite3.connect(path).close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda file, **how: connect(f"{Path(file).as_uri()}?mode=ro", uri=True, **how)
    )
    with pytest.raises(PetriError, match=r"may only be read"):
        SQLiteEngine(path)


def test_another_file_is_not_a_run(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").write_bytes(b"something else" * 1000)
    with pytest.raises(PetriError, match="damaged"):
        SQLiteEngine(tmp_path / "run.sqlite")
