"""Functions that tests of races run in other processes on the same SQLite file."""

from __future__ import annotations

from chalicelib.errors import Conflict
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine


def increment_now(path: str, times: int) -> list[int]:
    """Increment the counter `times` times; return the values."""
    engine = SQLiteEngine(path)
    try:
        return [engine.increment(("counter", "participant")) for _ in range(times)]
    finally:
        engine.close()


def open_often(path: str, times: int) -> list[int]:
    """Open and close the file `times` times; return the number of items each time."""
    counts = []
    for _ in range(times):
        engine = SQLiteEngine(path)
        counts.append(len(list(engine.query("a"))))
        engine.close()
    return counts


def take(path: str, rounds: int, name: str) -> list[int]:
    """Try to create each of the items first; return those that this process created."""
    engine = SQLiteEngine(path)
    won = []
    try:
        for number in range(rounds):
            item = {"pk": "a", "sk": f"{number:03d}", "kind": "info", "v": 1, "contents": name}
            try:
                engine.commit([Put(item), Put({**item, "pk": name})])
            except Conflict:
                continue
            won.append(number)
    finally:
        engine.close()
    return won
