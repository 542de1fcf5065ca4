"""What deploying again keeps and prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from chalicelib.errors import ConfigError
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.lifecycle import shutdown
from infra.aws.resources.stacks import Stack
from infra.cli.main import app
from infra.emulator.process.cloud import Cloud
from tests.deploy.app import DEMO, at_home, deploy


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    at_home(monkeypatch, tmp_path, cloud)


def call(*words: str, typed: str = "n\n") -> str:
    return CliRunner().invoke(app, list(words), input=typed).stderr


def price_class(account: Account, names: Names) -> str:
    found = Stack(account, names.front_stack).look() or {}
    return str({each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}["PriceClass"])


def test_the_price_class_is_kept_by_a_later_deploy(account: Account, names: Names) -> None:
    deploy(account, names, price_class="all")
    deploy(account, names)
    assert price_class(account, names) == "PriceClass_All"


def test_deploying_over_an_existing_app_asks_for_confirmation(account: Account, names: Names) -> None:
    deploy(account, names)
    said = call("sandbox", str(DEMO), "--app", names.app, "--no-preflight")
    assert f"{names.app} (sandbox) is already deployed in us-east-1: experiment bartlett1932, 20" in said
    assert "Update it in place?" in said


@pytest.mark.parametrize("command", ["deploy", "sandbox"])
def test_a_failure_names_the_command_that_was_typed(command: str) -> None:
    assert call(command, str(DEMO), "--region", "nowhere").startswith(f"where: petri {command} ")


def test_a_folder_name_that_is_not_a_valid_app_name_is_reported_with_the_option(tmp_path: Path) -> None:
    folder = tmp_path / "2030 study"
    folder.mkdir()
    assert "now:   Choose another with --app" in call("sandbox", str(folder))


@pytest.mark.parametrize(
    "error", [ConfigError("Keys are missing."), EndpointConnectionError(endpoint_url="https://x")]
)
def test_an_app_that_cannot_be_opened_can_be_destroyed(
    error: Exception, account: Account, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(shutdown, "unsettled", fails)
    said = call("destroy", "--app", names.app, "--stage", "sandbox", typed="something\n")
    assert "warning: Active participants and unpaid amounts couldn't be checked" in said
    assert "Type its name" in said
