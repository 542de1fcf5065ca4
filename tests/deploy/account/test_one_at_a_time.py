"""Commands on one machine: one at a time uses an app's build folder, and an interrupted one says how to
continue."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import BadRequest
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.account.steps import Step, StepRunner, carry_out
from infra.aws.lifecycle.deployment import AGAIN
from infra.cli.failures import Failure
from infra.emulator.process.cloud import Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy


def test_a_folder_that_another_command_deploys_is_not_staged_again(
    account: Account, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    home = LocalRegistry()
    build_dir = home.build_dir(names, account.number, account.region)
    with (
        home.alone(build_dir),
        pytest.raises(OperatorProblem, match="Another command on this machine is deploying this app"),
    ):
        deploy(account, names)
    assert not build_dir.exists()


def test_a_build_folder_is_unlocked_afterwards(tmp_path: Path) -> None:
    home = LocalRegistry(tmp_path)
    with pytest.raises(KeyboardInterrupt), home.alone(tmp_path / "app"):
        raise KeyboardInterrupt
    with home.alone(tmp_path / "app"), pytest.raises(BadRequest), home.alone(tmp_path / "app"):
        pass


def test_an_interrupted_command_says_how_to_continue() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    told = Told()
    with pytest.raises(KeyboardInterrupt):
        carry_out([Step("upload the pages", interrupted)], told, "Run the same command again.")
    assert told.lines == ["interrupted in the step 'upload the pages'. Run the same command again."]


def test_a_step_hands_its_result_to_the_next_one() -> None:
    told = Told()
    run = StepRunner(["upload", "count"], told, AGAIN).run
    uploaded = run("upload", lambda: ["exp.html"])
    assert run("count", lambda: len(uploaded)) == 1
    assert told.steps == ["upload", "count"]


def test_a_step_that_failed_ends_with_what_to_do() -> None:
    def fails() -> None:
        raise OperatorProblem("The queue isn't connected.")

    with pytest.raises(OperatorProblem) as failed:
        carry_out([Step("connect", fails)], Told(), AGAIN)
    assert Failure.of(failed.value, "petri deploy").now.startswith("Run the same command again")
