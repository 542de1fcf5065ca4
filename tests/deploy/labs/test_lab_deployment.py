"""`petri lab deploy` and the other commands on a deployed lab and a deployed app of the same account."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib import bootstrap
from chalicelib.access.rights import Right
from chalicelib.dashboard.pages.labs.signing import signed_for
from chalicelib.errors import Forbidden, InvalidState
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.identity.lab_assertions import verified_assertion
from chalicelib.messaging.lab_key_parameter import LabKeyParameter
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.labs import lab_apps
from chalicelib.operations.labs.lab_apps import OpenedApp
from chalicelib.operations.labs.lab_records import AssertionPurpose
from chalicelib.operations.labs.trusted_labs import trusted_labs
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import use
from infra.aws.account.names import API, FUNCTIONS, Names
from infra.aws.account.policies import policy
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info
from infra.aws.deployed.run_session import opened
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.deployment import Deployment
from infra.aws.resources import resource_inventory
from infra.cli.commands.lab import deploy_lab
from infra.cli.main import app as petri
from infra.emulator.process.cloud import ACCOUNT, REGION, Cloud
from infra.lab.lab_places import LAB_FOLDER
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run import opened as opened_here
from infra.local.lifecycle.run_paths import RunPaths
from tests.deploy.app import DEMO, SETTINGS, Launches, Probes, at_home, deploy

LAB, COLOURS, PLAIN = (Names(name, "live", REGION) for name in ("lab", "colours", "plain"))


@pytest.fixture(scope="module")
def original(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, Path]]:
    """A cloud with a deployed lab, an app that can be added to it, and one that can't."""
    folder = tmp_path_factory.mktemp("lab")
    with cloud.copy() as own, pytest.MonkeyPatch.context() as patch:
        _at_home(patch, folder, own)
        for names, settings in ((COLOURS, {"lab_sign_in": True}), (PLAIN, {})):
            deploy(connect(), names, settings={**SETTINGS, **settings})
        assert "Linguistics Lab is deployed at" in _said("deploy", "--name", "Linguistics Lab", "--yes")
        yield own, folder / "home"


@pytest.fixture
def account(
    original: tuple[Cloud, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Account]:
    """The operator's account, in a copy of that cloud."""
    cloud, home = original
    with cloud.copy() as own:
        _at_home(monkeypatch, tmp_path, own)
        for entry in sorted(home.rglob("app-*.json")):
            place = tmp_path / "home" / entry.relative_to(home)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(entry.read_bytes())
        yield connect()
    use(None)


def _at_home(patch: pytest.MonkeyPatch, folder: Path, cloud: Cloud) -> None:
    at_home(patch, folder, cloud)
    layer = folder / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/joserfc/__init__.py", "")
    needs_layer = ("lab_sign_in", "is_lab")
    patch.setattr(
        deployment,
        "build_layer",
        lambda staged: layer if any(staged.settings.get(each) for each in needs_layer) else None,
    )
    patch.setattr(deploy_lab, "Deployment", partial(Deployment, launch=Launches(), probe=Probes()))
    patch.setenv("HOME", str(folder))
    work = folder / "work"
    work.mkdir(exist_ok=True)
    patch.chdir(work)


def _said(*words: str, fails: bool = False, typed: str = "") -> str:
    done = CliRunner().invoke(petri, ["lab", *words], input=typed, env={"COLUMNS": "300"})
    assert (done.exit_code != 0) == fails, done.output
    return " ".join(done.output.split())


def _keys(account: Account) -> list[dict[str, Any]]:
    found = account.client("ssm").get_parameter(Name=LAB.lab_keys, WithDecryption=True)
    assert found["Parameter"]["Type"] == "SecureString"
    pairs: list[dict[str, Any]] = json.loads(found["Parameter"]["Value"])["pairs"]
    return pairs


def _known_to_app(account: Account) -> dict[str, bool]:
    """Return the ids of the keys that the app knows, each with whether it is retired."""
    with opened(account, COLOURS) as session:
        labs = session.app.run(trusted_labs)
    return {key.id: key.retires is not None for lab in labs for key in lab.keys}


def test_a_deployed_lab_has_its_key_in_ssm_and_none_in_its_table(account: Account) -> None:
    (pair,) = _keys(account)
    assert pair["private"]["d"]
    found = account.client("dynamodb").scan(TableName=LAB.table)["Items"]
    assert pair["private"]["d"] not in json.dumps(found, default=str)
    assert "lab-keys" not in json.dumps(found, default=str)


def test_only_the_function_that_serves_the_dashboard_of_a_lab_reads_its_keys(account: Account) -> None:
    parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{LAB.lab_keys}"
    iam = account.client("iam")
    roles = {LAB.role(function): function for function in FUNCTIONS}
    statements = [
        (function, statement)
        for role, function in roles.items()
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
    ]
    readers = [(each, said["Action"]) for each, said in statements if parameter in json.dumps(said)]
    assert readers == [(API, ["ssm:GetParameter"])]


def test_an_app_that_is_no_lab_may_read_no_keys_of_labs() -> None:
    made = [policy(function, COLOURS, ACCOUNT, REGION, settings={}) for function in FUNCTIONS]
    assert "lab-keys" not in json.dumps(made)


def test_an_app_of_the_account_trusts_the_lab_and_gets_its_new_keys(account: Account) -> None:
    assert "The lab has no apps" in _said()
    address = deployment_info.demand(account, COLOURS).dashboard_url.removesuffix("/dashboard")
    assert f"Added colours, at {address}" in _said("add", "colours", "--role", "Assistant")
    (first,) = _keys(account)
    assert _known_to_app(account) == {first["id"]: False}
    assert "1 of 1 apps have it" in _said("rotate-keys")
    second = _keys(account)[0]
    assert _known_to_app(account) == {first["id"]: True, second["id"]: False}
    assert "1 of 1 apps have it" in _said("rotate-keys", "--at-once")
    assert len(_keys(account)) == 1
    assert "Removed colours" in _said("remove", "colours")
    assert _known_to_app(account) == {}


def test_what_a_deployed_lab_signs_is_verified_by_the_app(account: Account) -> None:
    with opened(account, LAB) as session:
        session.app.run(add_user, "mira", "Mira", role="Viewer", caller=OPERATOR_CALLER)
    _said("add", "colours")
    assert "mira may open colours" in _said("grant", "colours", "mira", "--role", "Viewer")
    with opened(account, LAB) as session:
        app = session.app.run(lab_apps.find_app, "colours")
    lambda_side = _in_lambda(account)
    statement = OpenedApp(app, "mira/1", "mira", "Mira", frozenset({Right.VIEW}), AssertionPurpose.SIGN_IN)
    token = signed_for(statement)
    now = lambda_side.clock.now()
    with opened(account, COLOURS) as session:
        labs = session.app.run(trusted_labs)
    said = verified_assertion(token, labs, "colours", AssertionPurpose.SIGN_IN, now)
    assert (said.username, said.lab_id) == ("mira", "lab")


def test_a_running_function_of_the_lab_finds_a_new_key_and_asks_once_for_each(account: Account) -> None:
    asked: list[str] = []

    def client() -> Any:
        asked.append("ssm")
        return account.client("ssm")

    read = LabKeyParameter(LAB.lab_keys, client)
    first = _keys(account)[0]["id"]
    assert read(first) == read(first) == _keys(account)
    _said("add", "colours")
    _said("rotate-keys")
    second = _keys(account)[0]["id"]
    assert [pair["id"] for pair in read(second)] == [second, first]
    assert len(asked) == 2


def test_a_deployed_lab_takes_no_participants(account: Account) -> None:
    lab = _in_lambda(account)
    with pytest.raises(Forbidden, match="takes no new participants"):
        lab.run(
            create_participant, EntryRequest(worker_id="w1", assignment_id="a1", hit_id="h1", mode="live")
        )


def test_a_key_that_was_deleted_signs_nothing(account: Account) -> None:
    _said("add", "colours")
    with opened(account, LAB) as session:
        app = session.app.run(lab_apps.find_app, "colours")
    account.client("ssm").put_parameter(
        Name=LAB.lab_keys, Value=json.dumps({"pairs": []}), Type="SecureString", Overwrite=True
    )
    _in_lambda(account)
    with pytest.raises(InvalidState, match="petri lab add colours"):
        signed_for(OpenedApp(app, "mira/1", "mira", "Mira", frozenset({Right.VIEW})))


def test_a_lab_is_updated_in_place_and_keeps_its_name_and_its_keys(account: Account) -> None:
    before = _keys(account)
    said = _said("deploy", typed="y\n")
    assert "Update it in place?" in said
    assert "Linguistics Lab is deployed at" in said
    assert _keys(account) == before
    assert "Language Lab is deployed at" in _said("deploy", "--name", "Language Lab", "--yes")


def test_destroying_a_lab_ends_the_trust_of_its_apps_and_leaves_nothing(account: Account) -> None:
    _said("add", "colours")
    assert "Nothing was changed" in _said("destroy", typed="other\n", fails=True)
    assert len(_known_to_app(account)) == 1
    assert "Dry run" in _said("destroy", "--dry-run")
    said = _said("destroy", typed="lab\n")
    assert "colours doesn't trust the lab any more." in said
    assert "lab was deleted" in said
    assert _known_to_app(account) == {}
    assert resource_inventory.find(account, LAB) == []
    assert "none of this name was deployed" in _said(fails=True)


def test_a_lab_that_an_app_still_trusts_is_destroyed_only_by_force(account: Account) -> None:
    _said("add", "colours")
    account.client("dynamodb").delete_table(TableName=COLOURS.table)
    assert "still trust" in _said("destroy", "--yes", fails=True)
    assert resource_inventory.find(account, LAB) != []
    assert "lab was deleted" in _said("destroy", "--yes", "--force")


def test_a_dry_run_makes_nothing(account: Account) -> None:
    said = _said("deploy", "--lab", "other", "--dry-run")
    assert "table petri-other-live" in said
    assert resource_inventory.find(account, Names("other", "live", REGION)) == []


def test_a_deploy_that_is_not_confirmed_makes_nothing(account: Account) -> None:
    said = _said("deploy", "--lab", "other", typed="n\n", fails=True)
    assert f"Deploy other (live) to {REGION}?" in said
    assert resource_inventory.find(account, Names("other", "live", REGION)) == []


def test_what_can_not_be_deployed_or_added_is_refused_with_what_to_do(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "isn't a lab. now: Choose another id" in _said("deploy", "--lab", "colours", "--yes", fails=True)
    assert "not a valid app id" in _said("deploy", "--lab", "My Lab", "--yes", fails=True)
    assert "nowhere-1" in _said("deploy", "--region", "nowhere-1", "--yes", fails=True)
    assert "lab_sign_in = true" in _said("add", "plain", fails=True)
    assert "is no lab" in _said("add", "colours", "--lab", "plain", fails=True)
    assert "Add --region us-east-1" in _said("list", "--region", "eu-west-1", fails=True)
    with opened_here(RunOptions(DEMO, "here"), RunPaths(Path.cwd())):
        pass
    assert "a deployed lab can't reach" in _said("add", "here", fails=True)
    assert "already" in _said("deploy", "--lab", "here", "--yes", fails=True)
    assert "served from" in _said("destroy", "--lab", "here", "--yes", fails=True)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "credentials" in _said("deploy", "--yes", fails=True).lower()


def _in_lambda(account: Account) -> Any:
    """Return the lab as its functions build it, with the operator's keys."""
    environ = {
        "PETRI_APP": LAB.app,
        "PETRI_STAGE": LAB.stage,
        "PETRI_TABLE": LAB.table,
        "PETRI_QUEUE": LAB.queue,
        "PETRI_REALTIME_QUEUE": LAB.realtime_queue,
        "PETRI_TOPIC": LAB.topic,
        "PETRI_FILES_PREFIX": LAB.global_prefix,
        "AWS_REGION": account.region,
    }
    loaded = load_experiment(LAB_FOLDER, runtime={"mode": "live"}, environ={}, home=LAB_FOLDER)
    return bootstrap.aws(loaded, environ=environ)
