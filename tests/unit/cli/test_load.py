"""`petri load` with an export that can't be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from tests.unit.importing.old_export import write


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(archive: Path, run_id: str = "again") -> str:
    return CliRunner().invoke(app, ["load", str(archive), "--id", run_id, "--exit"]).stderr


def test_an_export_that_cannot_be_loaded_leaves_no_run_behind(tmp_path: Path) -> None:
    archive = tmp_path / "bad.zip"
    archive.write_bytes(b"no zip")
    load(archive)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_run_that_has_data_stays_when_nothing_can_be_loaded_into_it(tmp_path: Path) -> None:
    archive = write(tmp_path / "old.zip")
    load(archive)
    said = load(archive)
    assert "now:   Load into a new one, under another id." in said
    assert (tmp_path / "runs" / "again.sqlite").exists()
