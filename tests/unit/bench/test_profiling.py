from __future__ import annotations

import cProfile
from pathlib import Path

import pytest

from bench.profiling import room_of, shares


@pytest.mark.parametrize(
    ("file", "name", "room"),
    [
        ("/somewhere/chalicelib/storage/work.py", "commit", "chalicelib/storage"),
        ("/somewhere/infra/local/lane.py", "answer", "infra/local"),
        ("/lib/python3/site-packages/chalice/app.py", "__call__", "Chalice"),
        ("/lib/python3/uuid.py", "uuid4", "Python's library"),
        ("~", "<method 'execute' of 'sqlite3.Connection' objects>", "SQLite"),
        ("~", "<built-in method builtins.len>", None),
    ],
)
def test_a_function_belongs_to_the_room_of_its_file(file, name, room):
    assert room_of((file, 1, name)) == room


def test_the_shares_of_all_rooms_make_a_whole(tmp_path: Path):
    profiler = cProfile.Profile()
    profiler.runcall(lambda: sorted(str(number) for number in range(1000)))
    profiler.dump_stats(tmp_path / "one.prof")
    assert sum(share.share for share in shares(tmp_path / "one.prof")) == pytest.approx(1.0)
