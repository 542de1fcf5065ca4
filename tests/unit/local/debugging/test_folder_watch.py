"""Which files of a folder count as changed, and when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.local.debugging.folder_watch import FolderWatch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "welcome.md").write_text("# Welcome\n")
    return tmp_path


def watched(folder: Path, *left_out: Path) -> FolderWatch:
    return FolderWatch(folder, left_out, lambda: 0.0)


def changed(watch: FolderWatch) -> set[str]:
    """Look until what was written has settled."""
    return {path.name for path in watch.changed() | watch.changed()}


def test_files_that_are_written_added_or_removed_count_once(folder: Path) -> None:
    watch = watched(folder)
    assert changed(watch) == set()
    (folder / "pages" / "welcome.md").write_text("# Welcome, all\n")
    (folder / "experiment.py").write_text("")
    assert changed(watch) == {"welcome.md", "experiment.py"}
    assert changed(watch) == set()
    (folder / "experiment.py").unlink()
    assert changed(watch) == {"experiment.py"}


def test_a_file_counts_when_it_is_no_longer_being_written(folder: Path) -> None:
    watch, page = watched(folder), folder / "pages" / "welcome.md"
    page.write_text("")
    assert watch.changed() == frozenset()
    page.write_text("# The whole page\n")
    assert watch.changed() == frozenset()
    assert watch.changed() == {page}


def test_a_file_of_the_same_size_counts_by_its_time(folder: Path) -> None:
    watch, page = watched(folder), folder / "pages" / "welcome.md"
    os.utime(page, ns=(1, 1))
    assert changed(watch) == {"welcome.md"}


@pytest.mark.parametrize(
    "name",
    [
        ".git/HEAD",
        "__pycache__/experiment.pyc",
        "node_modules/x.js",
        "env/lib/x.py",
        "runs/run.sqlite",
        "pages/.welcome.md.swp",
        "pages/welcome.md~",
    ],
)
def test_files_beside_the_experiment_do_not_count(folder: Path, name: str) -> None:
    (folder / "env").mkdir()
    (folder / "env" / "pyvenv.cfg").write_text("")
    watch = watched(folder, folder / "runs")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("x")
    assert changed(watch) == set()


def test_a_folder_that_takes_long_to_read_is_read_less_often(folder: Path) -> None:
    # Each call takes two readings of the clock: reading the folder took 2 seconds.
    moments = iter([100.0, 102.0, 120.0, 141.0, 141.0, 150.0, 181.0, 181.0])
    watch = FolderWatch(folder, (), lambda: next(moments))
    (folder / "pages" / "welcome.md").write_text("# Changed\n")
    assert watch.changed() == frozenset()
    assert watch.changed() == frozenset(), "at second 120 it isn't read: 2 seconds are 5 % of 40"
    assert watch.changed() == {folder / "pages" / "welcome.md"}
