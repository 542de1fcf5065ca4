"""Deleting an app completely, from whatever state it is in, after exporting its data."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import VendorUnreachable
from chalicelib.operations.management.run_state.state_of_run import RunState, overview
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import Seal
from infra.aws.account.lock import Lock
from infra.aws.account.names import Names
from infra.aws.account.session import Account, connect
from infra.aws.deployed import deployment_info, run_session
from infra.aws.deployed.seal_bucket import SANDBOX_DAYS
from infra.aws.lifecycle import shutdown
from infra.aws.lifecycle.destroy import DestroySpec, Teardown
from infra.aws.lifecycle.hibernation import Hibernation
from infra.aws.resources import app_secrets, resource_inventory
from infra.aws.resources.chalice_record import look_up
from infra.aws.resources.post_deploy_settings import PostDeploySettings
from infra.emulator.process.cloud import REGION, Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import Told, at_home, deploy
from tests.deploy.conftest import Standing


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    at_home(monkeypatch, tmp_path, cloud)


def destroy(account: Account, names: Names, export_to: Path | None = None) -> list[str]:
    return Teardown(account, DestroySpec(names, export_to), Told()).run()


def test_nothing_is_left_behind(standing: Standing) -> None:
    assert destroy(standing.account, standing.names) == []


def test_the_data_is_exported_first(standing: Standing, tmp_path: Path) -> None:
    destroy(standing.account, standing.names, tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert "data/participant.csv" in archive.namelist()


def test_the_token_at_home_goes_with_the_app(standing: Standing) -> None:
    destroy(standing.account, standing.names)
    assert app_secrets.OperatorTokens().find(standing.names, standing.account.region) is None


def test_locked_seals_of_the_audit_log_outlive_the_app_and_are_named(standing: Standing) -> None:
    account, names = standing.account, standing.names
    bucket = names.seal_bucket(account.number)
    seal = Seal(1, "2026-11-28T10:00:00.000000Z", "1" * 64, 2, "")
    with run_session.opened(account, names) as session:
        assert session.app.seals.last_number() == 0
        session.app.seals.keep(seal)
        assert session.app.seals.read(1) == seal
    lock = account.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Days"] == SANDBOX_DAYS
    # A second destroy, of the seals alone, keeps them as well.
    for _ in range(2):
        teardown = Teardown(account, DestroySpec(names, None), Told())
        assert teardown.run() == []
        assert f"Bucket {bucket} is kept: it has 1 locked seals of the audit log" in teardown.kept


def test_a_table_stays_protected_until_its_operator_destroys_the_app(account: Account, names: Names) -> None:
    deploy(account, names, protected=True)
    deploy(account, names)
    table = account.client("dynamodb").describe_table(TableName=names.table)["Table"]
    assert (table["DeletionProtectionEnabled"], destroy(account, names)) == (True, [])


def test_an_app_that_is_not_there_is_not_destroyed(account: Account, names: Names) -> None:
    with pytest.raises(OperatorProblem, match="isn't deployed in us-east-1"):
        destroy(account, names)


def test_an_app_that_another_operator_changes_is_not_destroyed(standing: Standing) -> None:
    Lock(standing.account, standing.names.keep_bucket(standing.account.number)).take("deploy")
    with pytest.raises(OperatorProblem, match=r"is working on this app \(deploy\)"):
        destroy(standing.account, standing.names)


def test_a_stack_that_is_not_the_apps_is_left_alone(account: Account, names: Names) -> None:
    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    account.client("cloudformation").create_stack(StackName=names.base_stack, TemplateBody=template)
    with pytest.raises(OperatorProblem, match="doesn't belong to this app"):
        destroy(account, names)


HALF_MADE = [
    ("ssm", "PutParameter", 0),
    ("lambda", "CreateFunction", 3),
    ("apigateway", "CreateDeployment", 0),
    ("lambda", "UpdateEventSourceMapping", 0),
    ("cloudformation", "CreateStack", 1),
]


@pytest.mark.parametrize(("service", "operation", "after"), HALF_MADE)
def test_an_incomplete_app_is_deleted_completely(
    cloud: Cloud, account: Account, names: Names, service: str, operation: str, after: int
) -> None:
    cloud.refuse((service, operation), after=after)
    with pytest.raises(OperatorProblem):
        deploy(account, names)
    assert destroy(account, names) == []


BREAKS = [
    ("cloudformation", "DeleteStack", 0, "delete CloudFront and the alarms"),
    ("apigateway", "DeleteRestApi", 0, "delete functions and APIs"),
    ("lambda", "DeleteFunction", 2, "delete functions and APIs"),
    ("s3", "DeleteObjects", 0, "delete table, queues, topics and buckets"),
    ("cloudformation", "DeleteStack", 0, "delete table, queues, topics and buckets"),
    ("ssm", "DeleteParameter", 0, "delete secrets and logs"),
    ("logs", "DeleteLogGroup", 1, "delete secrets and logs"),
]


def test_a_destroy_that_is_interrupted_repeatedly_finishes_in_the_end(standing: Standing) -> None:
    for service, operation, after, step in BREAKS:
        standing.cloud.refuse((service, operation), after=after)
        with pytest.raises(OperatorProblem, match=f"The step '{step}' failed"):
            destroy(standing.account, standing.names)
    assert destroy(standing.account, standing.names) == []


def test_an_app_is_kept_when_its_recruitment_cannot_be_closed(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise VendorUnreachable("Mechanical Turk didn't answer.")

    monkeypatch.setattr(shutdown, "close", unreachable)
    with pytest.raises(OperatorProblem, match="Use --force to delete the app anyway"):
        destroy(standing.account, standing.names)
    assert Teardown(standing.account, DestroySpec(standing.names, None, force=True), Told()).run() == []


def test_buckets_that_lost_their_stack_are_found_and_deleted(account: Account, names: Names) -> None:
    account.client("s3").create_bucket(Bucket=names.keep_bucket(account.number))
    assert destroy(account, names) == []


def test_the_resources_of_an_app_are_listed(standing: Standing) -> None:
    assert f"table {standing.names.table}" in resource_inventory.find(standing.account, standing.names)


@dataclass(frozen=True)
class Seen:
    """An app's state, as AWS reports it."""

    takes_messages: bool
    ticks: bool | None
    made: list[Any]
    is_known: bool
    is_hibernating: bool

    @classmethod
    def of(cls, account: Account, names: Names) -> Seen:
        wiring = PostDeploySettings(account, names)
        known = deployment_info.read(account, names) is not None
        with run_session.opened(account, names) as session:
            is_asleep = session.app.run(overview, caller=OPERATOR_CALLER).state is RunState.HIBERNATING
        return cls(wiring.takes_messages(), wiring.rule_is_on(), look_up(account, names), known, is_asleep)


@pytest.fixture(scope="module")
def night(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """An app that hibernates, is deployed again, and wakes up."""
    folder, names, seen = tmp_path_factory.mktemp("night"), Names("night", "sandbox", REGION), {}
    with pytest.MonkeyPatch.context() as patch:
        at_home(patch, folder, cloud)
        account = connect()
        deploy(account, names)
        PostDeploySettings(account, names).switch_rule(on=True)
        seen["evening"] = Seen.of(account, names)
        sleeping = Hibernation(account, names, Told())
        sleeping.run(sleeping.hibernate_steps(), "hibernate")
        seen["midnight"] = Seen.of(account, names)
        deploy(account, names)
        seen["deployed at night"] = Seen.of(account, names)
        sleeping.run(sleeping.awaken_steps(), "awaken")
        seen["morning"] = Seen.of(account, names)
    return seen


def test_a_hibernating_app_handles_no_messages(night: dict[str, Seen]) -> None:
    assert night["midnight"].takes_messages is False


def test_the_overview_of_a_hibernating_app_says_so_until_it_wakes_up(night: dict[str, Seen]) -> None:
    assert {when: each.is_hibernating for when, each in night.items()} == {
        "evening": False,
        "midnight": True,
        "deployed at night": True,
        "morning": False,
    }


def test_the_clock_of_a_hibernating_app_is_disabled(night: dict[str, Seen]) -> None:
    assert night["midnight"].ticks is False


def test_a_hibernating_app_keeps_its_data(night: dict[str, Seen]) -> None:
    assert (night["midnight"].made, night["midnight"].is_known) == (night["evening"].made, True)


def test_deploying_a_hibernating_app_does_not_wake_it(night: dict[str, Seen]) -> None:
    assert night["deployed at night"] == night["midnight"]


def test_an_awakened_app_is_unchanged(night: dict[str, Seen]) -> None:
    assert night["morning"] == night["evening"]


def test_an_app_that_is_not_deployed_can_not_hibernate(account: Account, names: Names) -> None:
    with pytest.raises(OperatorProblem, match=r"\(sandbox\) isn't deployed in"):
        Hibernation(account, names, Told())


def test_the_log_group_that_chalice_names_is_deleted_too(standing: Standing) -> None:
    destroy(standing.account, standing.names)
    logs = standing.account.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/lambda/{standing.names.prefix}"
    )
    assert logs["logGroups"] == []
