from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.cli.main import app

run = CliRunner().invoke


def test_summary_counts_the_latest_run_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    SQLiteEngine(tmp_path / "runs" / "mine.sqlite").close()
    result = run(app, ["summary"])
    assert "mine" in result.stdout
    assert "Networks filled: 0 of 0" in result.stdout


def test_summary_without_a_run_fails_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(app, ["summary"])
    assert result.exit_code == 1
    assert "now:   Start one with `petri debug DIR` in this folder." in result.stderr


def test_a_bot_needs_to_know_which_run_to_join(tmp_path: Path) -> None:
    result = run(app, ["bot", str(tmp_path)])
    assert result.exit_code == 1
    assert "Use --debug" in result.stderr
