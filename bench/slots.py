"""Counts the conflicts when many participants are assigned to conditions at once: slots, and one shared item.

Each participant has one commit, which takes a slot and stores it in a record of their own. The engine plays
DynamoDB: a commit becomes visible item by item, and transactions that overlap on an item are refused.

    python -m bench.slots
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chalicelib.operations.study.conditions import assign_slot
from chalicelib.study.conditions import Conditions

from chalicelib import bootstrap
from chalicelib.experiment.experiment import Experiment
from chalicelib.operations.shared.context import Context
from chalicelib.services import use
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from tests.tools.torn import TornEngine

PEOPLE, THREADS = 400, 32
DESIGN = Conditions({"colour": ["red", "blue"], "delay": [0, 5]})
SHARED = ("draws", "draws#assignment")


def by_slot(ctx: Context, person: int) -> str:
    """Take a slot."""
    _, cell = assign_slot(ctx, person, DESIGN)
    ctx.uow.put_item((f"part#{person}", "slot"), "draws", {"cell": cell.as_json()})
    return cell.key


def by_shared_item(ctx: Context, person: int) -> str:
    """Take the next cell from one item that all participants write."""
    stored = ctx.uow.item(SHARED)
    number = 1 + (stored["count"] if stored is not None else 0)
    cell = DESIGN.cells[number % len(DESIGN.cells)]
    ctx.uow.put_if_unchanged(SHARED, "draws", {"count": number})
    ctx.uow.put_item((f"part#{person}", "slot"), "draws", {"cell": cell.as_json()})
    return cell.key


def measure(assign: Callable[[Context, int], str]) -> tuple[int, float, int]:
    """Return the conflicts, the seconds, and by how many participants the cells differ."""
    with tempfile.TemporaryDirectory() as folder:
        engine = SQLiteEngine(Path(folder) / "run.sqlite")
        app = bootstrap.local(
            Experiment, {"mode": "debug", "auto_recruit": False}, app_id="bench", engine=TornEngine(engine)
        )
        use(None)
        begun = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as threads:
            cells = Counter(threads.map(lambda person: app.run(assign, person), range(1, PEOPLE + 1)))
        seconds = time.perf_counter() - begun
        engine.close()
    return app.conflicts, seconds, max(cells.values()) - min(cells.values())


def main() -> None:
    """Print a row for each way."""
    logging.getLogger("petri").setLevel(logging.ERROR)
    print(f"{PEOPLE} participants, {THREADS} at once")
    for name, assign in (("slots", by_slot), ("one shared item", by_shared_item)):
        conflicts, seconds, differ = measure(assign)
        print(f"{name:16} {conflicts:6,} conflicts {seconds:6.1f} s; cells differ by {differ}")


if __name__ == "__main__":
    main()
