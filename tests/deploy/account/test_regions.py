"""One app in two regions, and commands with the wrong region."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info
from infra.aws.lifecycle.destroy import DestroySpec, Teardown
from infra.aws.resources import regions, resource_inventory
from infra.aws.resources.chalice_record import look_up
from infra.cli.main import app as command_line
from infra.emulator.process.cloud import REGION, Cloud
from infra.emulator.rehearsal.leftovers import inventory
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy
from tests.experiments import EXPERIMENTS

OTHER = "eu-central-1"


@dataclass(frozen=True)
class Deployed:
    """An app in the usual region, in an AWS of its own."""

    cloud: Cloud
    home: Path
    names: Names


@pytest.fixture(scope="module", params=[REGION, ""], ids=["names with the region", "older names"])
def original(
    cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Deployed]:
    names = Names("placed", "sandbox", request.param)
    with cloud.copy() as own:
        with pytest.MonkeyPatch.context() as patch:
            home = at_home(patch, tmp_path_factory.mktemp("placed"), own)
            deploy(connect(), names)
        yield Deployed(own, home, names)


@pytest.fixture
def placed(original: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """A copy of that AWS, for a machine that has deployed nothing."""
    with original.cloud.copy() as own:
        home = at_home(monkeypatch, tmp_path, own)
        monkeypatch.chdir(tmp_path)
        yield Deployed(own, home, original.names)


def call(*arguments: str) -> Any:
    return CliRunner().invoke(command_line, list(arguments), input="")


COMMANDS = [
    ("destroy", "--yes", "--stage", "sandbox"),
    ("destroy", "--yes"),
    ("export",),
    ("hibernate",),
    ("awaken",),
    ("monitor", "--once"),
    ("logs",),
    ("summary",),
    ("bot",),
    ("rollback", "--yes"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_in_the_wrong_region_names_the_right_one(
    placed: Deployed, command: tuple[str, ...]
) -> None:
    ended = call(*command, "--app", placed.names.app, "--region", OTHER)
    told = " ".join(ended.stderr.split())
    assert f"isn't deployed in {OTHER}; it is in {REGION}." in told
    assert f"Add --region {REGION}." in told
    assert ended.exit_code == 1


def test_destroying_in_the_wrong_region_deletes_nothing(placed: Deployed) -> None:
    before = inventory(placed.cloud)
    elsewhere = connect(region=OTHER)
    with pytest.raises(OperatorProblem, match=f"it is in {REGION}"):
        Teardown(elsewhere, DestroySpec(placed.names, None, force=True), Told()).run()
    assert inventory(placed.cloud) == before


def test_an_app_lives_in_two_regions_and_one_can_be_destroyed(placed: Deployed) -> None:
    here, there = connect(), connect(region=OTHER)
    before = set(resource_inventory.find(here, placed.names))
    second = regions.names_in(there, placed.names.app, placed.names.stage)
    deploy(there, second)
    assert {entry["resource_type"] for entry in look_up(there, second)} >= {"iam_role", "rest_api"}
    assert Teardown(there, DestroySpec(second, None), Told()).run() == []
    assert set(resource_inventory.find(here, placed.names)) == before
    assert deployment_info.read(here, placed.names) is not None


def test_the_names_of_an_app_stay_as_they_were_first_made(placed: Deployed) -> None:
    assert regions.names_in(connect(), placed.names.app, placed.names.stage) == placed.names


def test_deploying_again_keeps_the_names(placed: Deployed) -> None:
    before = {name for kind, name in inventory(placed.cloud) if kind in {"bucket", "role", "edge function"}}
    deploy(connect(), regions.names_in(connect(), placed.names.app, placed.names.stage))
    after = {name for kind, name in inventory(placed.cloud) if kind in {"bucket", "role", "edge function"}}
    assert after == before


def test_a_deploy_to_a_second_region_asks_whether_a_second_one_is_meant(placed: Deployed) -> None:
    demo = EXPERIMENTS / "bartlett1932"
    ended = call("sandbox", str(demo), "--app", placed.names.app, "--region", OTHER, "--no-preflight")
    assert f"Deploy a second, separate app to {OTHER}?" in " ".join(ended.stderr.split())


def test_roles_alone_do_not_show_that_an_app_is_in_this_region(account: Account) -> None:
    older = Names("rolesonly", "sandbox")
    account.client("iam").create_role(RoleName=older.role("on_tick"), AssumeRolePolicyDocument="{}")
    with pytest.raises(OperatorProblem, match="isn't deployed in"):
        Teardown(account, DestroySpec(older, None), Told()).run()
    assert account.client("iam").get_role(RoleName=older.role("on_tick"))


def test_a_bucket_of_another_region_is_not_taken_for_the_apps(account: Account) -> None:
    names = Names("bucketonly", "sandbox")
    bucket = names.keep_bucket(account.number)
    place = {"LocationConstraint": OTHER}
    account.client("s3", OTHER).create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    with pytest.raises(OperatorProblem, match=f"it is in {OTHER}"):
        Teardown(account, DestroySpec(names, None), Told()).run()
    assert regions.region_of_bucket(account, bucket) == OTHER


def note(region: str) -> AppEntry:
    return AppEntry("two", "live", "123456789012", region, None, "folder")


def test_this_machine_has_an_entry_for_each_of_an_apps_regions(tmp_path: Path) -> None:
    home = LocalRegistry(tmp_path)
    for region in (REGION, OTHER):
        home.keep(note(region))
    assert home.find("two", region=OTHER) == note(OTHER)


def test_an_app_in_two_regions_has_to_be_named_with_its_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    home = LocalRegistry(tmp_path)
    for region in (REGION, OTHER):
        home.keep(note(region))
    with pytest.raises(BadRequest, match=f"deployed in {OTHER} and in {REGION}. Choose one with --region"):
        home.find("two")


def test_the_usual_region_decides_between_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", OTHER)
    home = LocalRegistry(tmp_path)
    for region in (REGION, OTHER):
        home.keep(note(region))
    assert home.find("two") == note(OTHER)


def test_forgetting_an_app_in_one_region_keeps_the_other(tmp_path: Path) -> None:
    home = LocalRegistry(tmp_path)
    for region in (REGION, OTHER):
        home.keep(note(region))
    home.forget(Names("two", "live"), "123456789012", REGION)
    assert home.notes("two", "live") == [note(OTHER)]


def test_an_entry_of_an_older_version_is_read(tmp_path: Path) -> None:
    home = LocalRegistry(tmp_path)
    home.keep(note(REGION))
    (kept,) = tmp_path.rglob("app-*.json")
    shutil.move(kept, kept.with_name("app.json"))
    assert home.find("two") == note(REGION)
