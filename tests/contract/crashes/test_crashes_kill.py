"""A process killed under load has written everything that it answered, and nothing by halves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from operator import eq
from pathlib import Path

import pytest

from chalicelib.errors import NotFound
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.factories import an_app, begin
from tests.contract.process_worker import ROOMS

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[3]
KILLS = 4


def killed_after(path: Path, name: str, lines: int) -> list[str]:
    """Start a worker, kill it with -9 once it has told so many things; return all that it told."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.process_worker", str(path), name],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert worker.stdout is not None
    with worker:
        told = [worker.stdout.readline() for _ in range(lines)]
        worker.send_signal(signal.SIGKILL)
        told += worker.stdout.readlines()
    # The last line may be cut off in the middle.
    whole = [line.strip() for line in told if line.endswith("\n")]
    assert len(whole) >= lines, "The worker ended before it was killed."
    return whole


def is_there(work: EngineUnitOfWork, line: str) -> bool:
    kind, number = line.split()
    try:
        return bool(getattr(work, kind)(int(number)))
    except NotFound:
        return False


def half_done(work: EngineUnitOfWork) -> list[str]:
    """Return what a commit cut in two would have left: forks of the chain, nodes that no participant owns."""
    nodes = work.network(1).nodes(failed="all")
    parents = [[parent.id for parent in node.neighbors(direction="from")] for node in nodes]
    expected = [[], *([node.id] for node in nodes[:-1])]
    owned = [node.id in work.participant(node.participant_id or 0).node_ids for node in nodes]
    return [
        repr(node)
        for node, is_one, is_owned in zip(nodes, map(eq, parents, expected), owned, strict=True)
        if not (is_one and is_owned)
    ]


def test_kill_9_under_load_loses_no_answered_write_and_leaves_nothing_by_halves(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    engine = SQLiteEngine(path)
    an_app(engine, ROOMS["chain"])
    draw = random.Random("kill -9")
    told: list[str] = []
    for number in range(KILLS):
        told += killed_after(path, f"w{number}", draw.randint(5, 60))
    with begin(engine) as work:
        lost = [line for line in told if not is_there(work, line)]
        assert (lost, half_done(work)) == ([], [])
    engine.close()
