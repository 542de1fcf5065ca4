"""A command and a host over one run at the same time."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.cli.study import petri, serving, write_study

pytestmark = pytest.mark.e2e

RUN = "both"


def is_done(database: Path) -> bool:
    """Whether recruitment is closed, with no message to the recruiter left."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        closed = "SELECT count(*) FROM recruitment WHERE event_type = 'close'"
        left = "SELECT count(*) FROM item WHERE kind = 'message' AND body LIKE '%stop_recruiter%'"
        return [connection.execute(sql).fetchone()[0] for sql in (closed, left)] == [1, 0]


@pytest.mark.timeout(120)
def test_a_host_processes_the_messages_that_a_command_left(tmp_path: Path) -> None:
    study = write_study(tmp_path / "whispers")
    words = ("debug", str(study), "--no-browser", "--port", "0", "--id", RUN)
    with serving(tmp_path, *words):
        said = petri(tmp_path, "close-recruitment", "--app", RUN).stdout
        assert "The run is being served; its server processes this within seconds." in said
        while not is_done(tmp_path / "runs" / f"{RUN}.sqlite"):
            time.sleep(0.2)
