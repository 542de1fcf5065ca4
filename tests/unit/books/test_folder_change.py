"""A change of several files is whole: a crash at any moment leaves all old files or all new ones."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from infra.books.import_book import prepare
from infra.folder_change import FOLDER, FolderChange, restore_interrupted_change
from infra.pages import compile_folder
from infra.problems import OperatorProblem
from tests.unit.books.sphinx_books import write_book

OLD = {"pages/a.md": "old a", "pages/gone.md": "old gone", "items/deep/b.md": "old b", "contents.json": "old"}
NEW = {"pages/a.md": "new a", "items/deep/b.md": "new b", "pages/fresh/c.md": "new c", "contents.json": "new"}
CHANGE: dict[str, bytes | None] = {
    **{path: text.encode() for path, text in NEW.items()},
    "pages/gone.md": None,
}

#: In processes that end at their first, second, third ... change of the file system, as by a power cut.
CRASHES = """
import os, pathlib, sys
from infra.folder_change import FolderChange
from tests.unit.books.test_folder_change import CHANGE, write_old

left = 0

def crashing(change):
    def changed(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return change(*arguments, **options)
    return changed

for moment in range(30):
    folder = write_old(pathlib.Path(sys.argv[1]) / f"{moment:02}")
    child = os.fork()
    if not child:
        left = moment
        for name in ("replace", "unlink"):
            setattr(pathlib.Path, name, crashing(getattr(pathlib.Path, name)))
        FolderChange(folder, CHANGE, last="contents.json").apply()
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
"""


def write_old(folder: Path) -> Path:
    for path, text in OLD.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def texts(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_files_are_written_and_removed(tmp_path: Path) -> None:
    FolderChange(write_old(tmp_path), CHANGE, last="contents.json").apply()
    assert texts(tmp_path) == NEW


@pytest.mark.e2e
def test_a_crash_at_any_moment_leaves_all_old_files_or_all_new_ones(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", CRASHES, str(tmp_path)], check=True, cwd=Path(__file__).parents[3])
    seen = []
    for folder in sorted(tmp_path.iterdir()):
        compile_folder(folder)
        seen.append(texts(folder))
    assert seen[0] == OLD
    assert seen[-1] == NEW
    assert all(found in (OLD, NEW) for found in seen)
    # The journal, four files and one that is removed, before the change is complete.
    assert sum(found == OLD for found in seen) == 6


def test_putting_back_can_be_interrupted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_old(tmp_path)
    change = FolderChange(folder, CHANGE, last="contents.json")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("infra.folder_change._replace", fail)
        with pytest.raises(OSError, match="the disk is full"):
            change.apply()
    (folder / "pages/a.md").write_text("half new")
    with monkeypatch.context() as patch:
        patch.setattr("infra.folder_change._put_back", fail)
        with pytest.raises(OSError, match="the disk is full"):
            restore_interrupted_change(folder)
    restore_interrupted_change(folder)
    assert texts(folder) == OLD


def test_a_change_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    folder = write_old(tmp_path)
    (folder / FOLDER).mkdir()
    (folder / FOLDER / "journal.json").write_text("not read")
    lock = sqlite3.connect(folder / FOLDER / "lock.sqlite")
    lock.execute("BEGIN EXCLUSIVE")
    restore_interrupted_change(folder)
    with pytest.raises(OperatorProblem, match="Another command is changing"):
        FolderChange(folder, CHANGE, last="contents.json").apply()
    lock.close()
    assert (folder / "contents.json").read_text() == "old"
    assert (folder / FOLDER / "journal.json").exists()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder, outside = write_old(tmp_path / "study"), tmp_path / "outside"
    outside.mkdir()
    (folder / "static").symlink_to(outside)
    with pytest.raises(OperatorProblem, match="leads out of"):
        FolderChange(folder, {"static/a.png": b"x", "contents.json": b"new"}, last="contents.json").apply()
    assert list(outside.iterdir()) == []
    assert (folder / "contents.json").read_text() == "old"


@pytest.mark.parametrize("interrupted", ["source", "study"])
def test_an_import_first_restores_a_change_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    source, study = write_book(tmp_path / "source"), tmp_path / "study"
    notes = {"source": source, "study": study}[interrupted] / "notes.txt"
    notes.parent.mkdir(exist_ok=True)
    notes.write_text("old")

    def half(*_: object) -> None:
        notes.write_text("half new")
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("infra.folder_change._replace", half)
        with pytest.raises(OSError, match="power cut"):
            FolderChange(notes.parent, {"notes.txt": b"new"}, last="notes.txt").apply()
    prepare(source, study)
    assert notes.read_text() == "old"
