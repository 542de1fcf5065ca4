"""`petri lab`: adds a run to a lab, grants and revokes, makes new keys, and removes it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.labs.trusted_labs import trusted_labs
from chalicelib.operations.shared.context import OPERATOR_CALLER
from infra.cli.main import app as petri
from infra.lab.lab_places import LAB_FOLDER
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run import opened as opened_here
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from tests.demos.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lab and a run, both of which were served before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = RunPaths(tmp_path)
    with opened_here(RunOptions(LAB_FOLDER, "lab", settings={"mode": "live"}), paths) as lab:
        lab.app.run(add_user, "mira", "Mira", role="Viewer", caller=OPERATOR_CALLER)
    with opened_here(RunOptions(ROOT / "demos" / "survey", "colours"), paths):
        pass
    return tmp_path


def _said(*words: str, fails: bool = False) -> str:
    done = CliRunner().invoke(petri, ["lab", *words], env={"COLUMNS": "300"})
    assert (done.exit_code != 0) == fails, done.output
    return done.output


def _keys(folder: Path) -> list[bool]:
    """Return for each key that the run knows whether it is retired."""
    with opened("colours", RunPaths(folder), with_code=False) as session:
        return [key.retires is not None for lab in session.app.run(trusted_labs) for key in lab.keys]


def test_a_run_is_added_to_a_lab_and_removed_again(folder: Path) -> None:
    assert "The lab has no apps" in _said()
    assert "Added colours, at http://localhost:" in _said("add", "colours", "--role", "Assistant")
    assert "mira may open colours as Viewer" in _said("grant", "colours", "mira", "--role", "Viewer")
    assert "mira: Viewer" in _said()
    assert "never" in _said("add", "colours", "--role", "Super admin", fails=True)
    assert "doesn't let the lab give" in _said("grant", "colours", "mira", "--role", "Pay", fails=True)
    assert _keys(folder) == [False]
    assert "1 of 1 apps have it" in _said("rotate-keys")
    assert _keys(folder) == [True, False]
    assert "can't open colours" in _said("revoke", "colours", "mira")
    assert "Removed colours" in _said("remove", "colours")
    assert _keys(folder) == []
    assert "The lab has no apps" in _said()


def test_an_app_that_is_gone_can_be_forgotten(folder: Path) -> None:
    _said("add", "colours")
    for file in (folder / "runs").glob("colours*"):
        file.unlink()
    assert "still trusts the lab" in _said("remove", "colours", fails=True)
    assert "colours keeps the old key" in _said("rotate-keys", fails=True)
    assert "Removed colours" in _said("remove", "colours", "--gone")


def test_what_is_missing_is_named(folder: Path) -> None:
    assert "There is no lab other" in _said("--lab", "other", fails=True)
    assert "is no lab" in _said("add", "lab", "--lab", "colours", fails=True)
    assert "There is no run stories" in _said("add", "stories", fails=True)
    assert "Name the run id" in _said("add", fails=True)
    assert "neither a built-in role" in _said("add", "colours", "--role", "Wizard", fails=True)
    assert "itself" in _said("add", "lab", fails=True)
