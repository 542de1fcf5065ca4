"""Damaged files, files that others may read, and pages that killed processes left behind."""

from __future__ import annotations

import csv
import io
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from infra.local.lifecycle.site_folders import site_folder
from tests.unit.cli.study import petri, write_study

pytestmark = pytest.mark.e2e


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A folder that all users can read, with one finished run in it."""
    write_study(tmp_path / "whispers")
    for name in ("runs", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    done = petri(tmp_path, "debug", "whispers", "--bots", "4", "--exit", "--id", "first")
    assert done.returncode == 0, done.stderr
    return tmp_path


def infos(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return [row["contents"] for row in csv.DictReader(io.StringIO(opened.read("data/info.csv").decode()))]


def test_files_of_a_run_are_private_in_any_folder(finished: Path) -> None:
    files = [*(finished / "runs").iterdir()]
    assert len(files) >= 3
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: "0o600" for path in files
    }


def test_intact_records_of_a_damaged_file_are_exported(finished: Path) -> None:
    whole = infos(finished / "data" / "first-data.zip")
    database = finished / "runs" / "first.sqlite"
    contents = bytearray(database.read_bytes())
    # Overwrite some pages with records, as a damaged disk would.
    pages = [contents[start : start + 4096] for start in range(0, len(contents), 4096)]
    with_records = [number for number, page in enumerate(pages) if page[0] == 0x0D and b'"kind":"' in page]
    for page in with_records[1::3]:
        contents[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    database.write_bytes(contents)
    refused = petri(finished, "export", "--id", "first")
    assert refused.returncode == 1
    assert "petri export --salvage" in refused.stderr
    damaged = database.read_bytes()
    saved = petri(finished, "export", "--id", "first", "--salvage")
    assert saved.returncode == 0, saved.stderr
    assert "Recovered " in saved.stderr
    found = infos(finished / "data" / "first-data.zip")
    assert found
    assert set(found) <= set(whole)
    assert database.read_bytes() == damaged


def test_pages_that_a_killed_process_left_behind_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    die = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from infra.local.lifecycle.site_folders import site_folder\n"
        "with site_folder() as site:\n    site.mkdir(); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", die, str(tmp_path)], check=False, timeout=60)
    (left,) = tmp_path.iterdir()
    with site_folder() as site:
        assert not left.exists()
        assert [path.name for path in tmp_path.iterdir()] == [site.parent.name]
        assert str(os.getpid()) in site.parent.name
        with site_folder():
            assert site.parent.exists()
    assert list(tmp_path.iterdir()) == []
