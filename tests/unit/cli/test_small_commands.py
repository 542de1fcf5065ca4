from __future__ import annotations

import stat
import uuid
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.experiment.config import Configuration
from infra.cli.main import COMMANDS, app

run = CliRunner().invoke


def test_uuid_prints_a_new_identifier_each_time() -> None:
    first, second = (uuid.UUID(run(app, ["uuid"]).stdout.strip()) for _ in range(2))
    assert first != second


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_setup_writes_a_file_that_only_its_owner_can_read(home: Path) -> None:
    assert run(app, ["setup"]).exit_code == 0
    assert stat.S_IMODE((home / ".petriconfig").stat().st_mode) == 0o600


def test_setup_writes_settings_that_can_be_loaded(home: Path) -> None:
    run(app, ["setup"])
    config = Configuration()
    config.load_for(home, environ={}, home=home)
    assert config.ready


def test_every_setting_that_setup_offers_is_known(home: Path) -> None:
    run(app, ["setup"])
    path = home / ".petriconfig"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.removeprefix("# ") if " = " in line else line for line in lines))
    config = Configuration()
    config.load_for(home, environ={}, home=home)
    assert config.notes == []


def test_setup_leaves_an_existing_file_alone(home: Path) -> None:
    (home / ".petriconfig").write_text("[mine]\n")
    assert run(app, ["setup"]).exit_code == 0
    assert (home / ".petriconfig").read_text() == "[mine]\n"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    result = run(app, [command, "--help"])
    assert result.exit_code == 0
    assert COMMANDS[command].__doc__


def test_an_unknown_command_is_a_usage_error() -> None:
    assert run(app, ["nonsense"]).exit_code == 2
