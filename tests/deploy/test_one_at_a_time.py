"""Deploying on one machine: one command at a time in an app's workshop, and a word for who interrupts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.model.errors import BadRequest
from infra.aws.account import Account
from infra.aws.at_home import AtHome
from infra.aws.deploying import AGAIN
from infra.aws.errors import AwsProblem
from infra.aws.names import Names
from infra.aws.steps import Step, carry_out
from infra.cli.failures import Failure
from infra.emulator.cloud import Cloud
from tests.deploy.app import Told, at_home, deploy


def test_what_another_command_is_deploying_is_not_staged_under_it(
    account: Account, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    home = AtHome()
    workshop = home.workshop(names, account.number, account.region)
    with (
        home.alone(workshop),
        pytest.raises(AwsProblem, match="Another command on this machine is deploying this app"),
    ):
        deploy(account, names)
    assert not workshop.exists()


def test_a_workshop_is_free_again_afterwards(tmp_path: Path) -> None:
    home = AtHome(tmp_path)
    with pytest.raises(KeyboardInterrupt), home.alone(tmp_path / "app"):
        raise KeyboardInterrupt
    with home.alone(tmp_path / "app"), pytest.raises(BadRequest), home.alone(tmp_path / "app"):
        pass


def test_who_interrupts_a_command_is_told_how_it_goes_on() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    told = Told()
    with pytest.raises(KeyboardInterrupt):
        carry_out([Step("upload the pages", interrupted)], told, "Run the same command again.")
    assert told.lines == ["interrupted in the step 'upload the pages'. Run the same command again."]


def test_a_step_that_failed_ends_with_what_to_do() -> None:
    def fails() -> None:
        raise AwsProblem("The queue isn't connected.")

    with pytest.raises(AwsProblem) as failed:
        carry_out([Step("connect", fails)], Told(), AGAIN)
    assert Failure.of(failed.value, "petri deploy").now.startswith("Run the same command again")
