from __future__ import annotations

import re
import stat
import uuid
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.version import VERSION
from infra.cli.main import COMMANDS, GROUPS, app

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


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_the_version_is_printed() -> None:
    assert run(app, ["--version"]).output == f"petri {VERSION}\n"


def test_help_lists_each_command_once_in_its_group() -> None:
    told = plain(run(app, ["--help"], env={"COLUMNS": "80"}).output)
    assert [group for group in GROUPS if told.count(f"─ {group} ─") != 1] == []
    assert [name for name in COMMANDS if not re.search(rf"^│ {name} +\S", told, re.MULTILINE)] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_help_ends_with_an_example_that_the_command_takes(command: str) -> None:
    told = plain(run(app, [command, "--help"], env={"COLUMNS": "200"}).output)
    examples = re.findall(rf"^ petri {command}\b(.*)$", told.partition("Examples:")[2], re.MULTILINE)
    assert examples
    there = set(re.findall(r"--[a-z-]+", told.partition("Examples:")[0]))
    assert set(re.findall(r"--[a-z-]+", " ".join(examples))) <= there


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands_and_options_are_spelled_with_dashes(command: str) -> None:
    parameters = typer.main.get_command(app).commands[command].params
    names = [
        command,
        *(word for one in parameters for word in (*one.opts, *one.secondary_opts) if "-" in word),
    ]
    assert [name for name in names if "_" in name] == []


@pytest.mark.parametrize(
    "words", [["email_test", "--dry-run"], ["dead_letters", "--help"], ["extend_mturk_hit"]]
)
def test_the_older_spelling_of_a_command_is_still_taken(words: list[str]) -> None:
    assert "No such command" not in run(app, words).output


def test_the_older_spelling_of_an_option_is_still_taken() -> None:
    told = run(app, ["compensate", "--worker_id", "w", "--by_mistake", "x"]).output
    assert "--by-mistake" in plain(told)
    assert "--worker" not in plain(told)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell: str) -> None:
    asked = {
        "_PETRI_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "petri ver",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "petri ver",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    told = run(app, [], env=asked, prog_name="petri").output
    assert "verify" in told
