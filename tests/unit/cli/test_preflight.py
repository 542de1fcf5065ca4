from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from tests.unit.preflight.conftest import STUDY

run = CliRunner().invoke


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.chdir(tmp_path)
    for name, text in STUDY.items():
        path = tmp_path / "study" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_preflight_prints_the_page() -> None:
    result = run(app, ["preflight", "study", "--no-accounts"])
    assert result.exit_code == 0
    assert "Preflight of study, stage live: 3 participants" in result.stdout


@pytest.mark.usefixtures("folder")
def test_preflight_as_json_is_json() -> None:
    result = run(app, ["preflight", "study", "-n", "2", "--json", "--no-accounts", "--recruiter", "mturk"])
    assert json.loads(result.stdout)["money"]["fees"] == "0.50"


@pytest.mark.usefixtures("folder")
def test_preflight_of_zero_participants_fails_in_three_lines() -> None:
    result = run(app, ["preflight", "study", "--participants", "0", "--no-accounts"])
    assert result.exit_code == 1
    assert "what:  0 is not a valid number of participants." in result.stderr
    assert "now:   Use 1 or more, or omit --participants." in result.stderr


def test_preflight_of_a_broken_folder_fails_with_all_that_is_wrong(folder: Path) -> None:
    (folder / "study" / "experiment.py").write_text("class", encoding="utf-8")
    result = run(app, ["preflight", "study", "--no-accounts"])
    assert result.exit_code == 1
    assert "experiment.py, line 1" in result.stderr


@pytest.mark.usefixtures("folder")
def test_preflight_leaves_nothing_behind() -> None:
    run(app, ["preflight", "study", "--no-accounts"])
    assert sorted(path.name for path in Path().iterdir()) == ["study"]
