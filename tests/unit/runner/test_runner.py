from __future__ import annotations

import importlib
import uuid
from pathlib import Path
from types import ModuleType

import pytest

from chalicelib.errors import BadRequest, RuleBroken
from chalicelib.experiment.experiment import Experiment
from infra.local.lifecycle.runner import LocalRunner

pytestmark = pytest.mark.e2e


@pytest.fixture
def pushbutton(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo's module, imported as a researcher's program imports it."""
    monkeypatch.setattr(Experiment, "runner", LocalRunner())
    return importlib.import_module("demos.pushbutton.experiment")


def test_run_with_bots_returns_the_data_of_a_finished_run(
    pushbutton: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pushbutton.PushButton().run(bot=True, num_participants=2)
    assert [row["status"] for row in data.participants.list] == ["approved", "approved"]


def test_collecting_again_loads_the_data_and_runs_nothing(
    pushbutton: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app_id = str(uuid.uuid4())
    first = pushbutton.PushButton().collect(app_id, bot=True, num_participants=1)
    monkeypatch.setattr(LocalRunner, "run", None)
    again = pushbutton.PushButton().collect(app_id, bot=True, num_participants=1)
    assert again.infos.list == first.infos.list


def test_collect_refuses_an_id_that_is_not_a_uuid(pushbutton: ModuleType) -> None:
    with pytest.raises(BadRequest, match="petri uuid"):
        pushbutton.PushButton().collect("my-run")


def test_a_live_run_is_refused_on_this_machine(pushbutton: ModuleType) -> None:
    with pytest.raises(BadRequest, match="deployed app"):
        pushbutton.PushButton().run(mode="live")


def test_without_a_runner_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])
    with pytest.raises(RuleBroken, match="petri debug"):
        Experiment().run()
