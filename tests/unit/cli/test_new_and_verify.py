from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.scaffold import KINDS

#: The module; its package names the command's function.
new = importlib.import_module("infra.cli.commands.write.new")

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_new_writes_a_folder_and_says_how_to_try_it(folder: Path) -> None:
    result = run(app, ["new", "my_study"])
    assert "petri debug my_study" in result.stdout
    assert (folder / "my_study" / "experiment.py").is_file()


def test_new_asks_for_the_kind_in_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(new, "sys", SimpleNamespace(stdin=terminal, stdout=terminal))
    result = run(app, ["new", "my_study"], input="live\n")
    assert [kind for kind in KINDS if f"  {kind}" not in result.stdout] == []
    assert (folder / "my_study" / "static" / "auction.js").is_file()


def test_new_refuses_a_name_that_is_taken(folder: Path) -> None:
    run(app, ["new", "my_study"])
    result = run(app, ["new", "my_study"])
    assert result.exit_code == 1
    assert "now:   Choose another name, or remove it first." in result.stderr


def test_verify_fails_when_there_are_errors(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = run(app, ["verify", "empty"])
    assert result.exit_code == 1
    assert "error" in result.stdout
    assert "empty can't run yet" in result.stdout


def test_a_folder_that_does_not_exist_is_a_usage_error() -> None:
    assert run(app, ["verify", "nowhere"]).exit_code == 2


STUDY = """
from petri.study import Conditions, End, Page, Study


class Colours(Study):
    conditions = Conditions({"colour": ["red", "blue"]}, weights={"colour": {"red": 3}}, most=40)
    timeline = [Page("look"), End()]
"""


def test_verify_prints_the_conditions_of_a_study(folder: Path) -> None:
    study = folder / "colours"
    (study / "pages").mkdir(parents=True)
    (study / "experiment.py").write_text(STUDY, encoding="utf-8")
    (study / "config.txt").write_text(
        "[Parameters]\ntitle = Colours\ndescription = Look.\n", encoding="utf-8"
    )
    (study / "README.md").write_text("# Colours\n", encoding="utf-8")
    (study / "pages" / "look.md").write_text("# {{ condition.colour }}\n", encoding="utf-8")
    result = run(app, ["verify", "colours"])
    rows = [line.replace("│", " ").split() for line in result.stdout.splitlines()]
    assert ["red", "3/4", "40"] in rows, result.stdout
    assert ["blue", "1/4", "40"] in rows
