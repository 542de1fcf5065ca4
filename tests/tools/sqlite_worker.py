"""What another process does to the same SQLite file; run in one by the tests of races."""

from __future__ import annotations

from chalicelib.errors import Conflict
from chalicelib.storage.engine import Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine


def increment_now(path: str, times: int) -> list[int]:
    """Increment the counter so often; return what it gave."""
    engine = SQLiteEngine(path)
    try:
        return [engine.increment(("counter", "participant")) for _ in range(times)]
    finally:
        engine.close()


def open_often(path: str, times: int) -> list[int]:
    """Open and close the file so often; return how many items were seen each time."""
    seen = []
    for _ in range(times):
        engine = SQLiteEngine(path)
        seen.append(len(list(engine.query("a"))))
        engine.close()
    return seen


def take(path: str, rounds: int, name: str) -> list[int]:
    """Try to be the first to write each of the items; return those won."""
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
