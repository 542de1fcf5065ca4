"""Both stacks are created on the emulated AWS, and the services' own APIs show their resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account, connect
from infra.aws.resources import resource_inventory
from infra.aws.resources.stack_templates import base_template, front_template, routes_of
from infra.aws.resources.stacks import Change, Stack, tags_of
from infra.emulator.process.cloud import Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import at_home, deploy

from . import resolved


@dataclass(frozen=True)
class Made:
    account: Account
    names: Names
    outputs: dict[str, str]

    def ask(self, service: str, operation: str, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.account.client(service), operation)(**given)
        return answer

    @property
    def id(self) -> str:
        return str(self.ask("sts", "get_caller_identity")["Account"])


@pytest.fixture(scope="module")
def _original(cloud: Cloud) -> Iterator[tuple[Cloud, Names, dict[str, str]]]:
    """A cloud in which both stacks were made, which is only copied."""
    names = Names("stacks", "sandbox")
    with cloud.copy() as own:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in own.environment().items():
                patch.setenv(name, value)
            outputs = _make(connect(), names)
        yield own, names, outputs


def _make(account: Account, names: Names) -> dict[str, str]:
    outputs = _make_base(account, names)
    return outputs | Stack(account, names.front_stack).apply(_front_change(names), print)


def _front_change(names: Names) -> Change:
    parameters = {"App": names.app, "Stage": names.stage, **resolved.FRONT}
    return Change(front_template(routes_of(), resolved.PAGES), parameters, tags_of(names))


def _make_base(account: Account, names: Names) -> dict[str, str]:
    parameters = {"App": names.app, "Stage": names.stage}
    base = Change(
        base_template(), parameters | resolved.BASE | {"DeletionProtection": "false"}, tags_of(names)
    )
    outputs = Stack(account, names.base_stack).apply(base, print)
    for function in FUNCTIONS[1:]:
        account.client("logs").create_log_group(logGroupName=names.log_group(function))
    return outputs


@pytest.fixture
def made(_original: tuple[Cloud, Names, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    cloud, names, outputs = _original
    with cloud.copy() as own:
        for name, value in own.environment().items():
            monkeypatch.setenv(name, value)
        yield Made(connect(), names, outputs)


def test_the_table_is_there_and_paid_by_request(made: Made) -> None:
    told = made.ask("dynamodb", "describe_table", TableName=made.names.table)["Table"]
    assert (told["TableStatus"], told["BillingModeSummary"]["BillingMode"]) == ("ACTIVE", "PAY_PER_REQUEST")


def test_a_message_that_comes_too_often_goes_to_the_dead_queue(made: Made) -> None:
    told = made.ask(
        "sqs", "get_queue_attributes", QueueUrl=made.outputs["QueueUrl"], AttributeNames=["RedrivePolicy"]
    )
    target = json.loads(told["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
    assert target.endswith(f":{made.names.dead_queue}")


def test_mechanical_turks_notifications_arrive_in_the_queue(made: Made) -> None:
    made.ask("sns", "publish", TopicArn=made.outputs["TopicArn"], Message="a report")
    (message,) = made.ask("sqs", "receive_message", QueueUrl=made.outputs["QueueUrl"], WaitTimeSeconds=1)[
        "Messages"
    ]
    assert json.loads(message["Body"])["TopicArn"] == made.outputs["TopicArn"]


@pytest.mark.parametrize("output", ["SiteBucket", "KeepBucket"])
def test_a_bucket_is_reached_over_tls_only(made: Made, output: str) -> None:
    policy = json.loads(made.ask("s3", "get_bucket_policy", Bucket=made.outputs[output])["Policy"])
    assert "NobodyWithoutTLS" in {statement["Sid"] for statement in policy["Statement"]}


def test_cloudfront_is_in_front_of_all_three_origins(made: Made) -> None:
    told = made.ask("cloudfront", "get_distribution", Id=made.outputs["DistributionId"])["Distribution"]
    origins = {one["Id"]: one["DomainName"] for one in told["DistributionConfig"]["Origins"]["Items"]}
    assert origins.keys() == {"site", "api", "sockets"}


def _before_the_dashboard(template: str) -> str:
    """Return front.yaml as it was in a version without the dashboard's distribution."""
    for name in ("OriginKey", "DashboardFunction", "DashboardDistribution", "DashboardUrl"):
        template, count = re.subn(rf"^  {name}:\n(?:    .*\n|\n)*", "", template, flags=re.MULTILINE)
        assert count == 1
    template, count = re.subn(
        r"^ {10}- Sid: TheDashboardReads\w+\n(?: {12}.*\n)*", "", template, flags=re.MULTILINE
    )
    assert count == 1
    return template


def test_an_app_of_an_older_version_gets_the_dashboard_and_keeps_its_address(
    account: Account, names: Names
) -> None:
    _make_base(account, names)
    stack, change = Stack(account, names.front_stack), _front_change(names)
    older = {name: value for name, value in change.parameters.items() if name != "OriginKey"}
    before = stack.apply(Change(_before_the_dashboard(change.template), older, change.tags), print)
    after = stack.apply(change, print)
    assert "DashboardUrl" not in before
    assert after["SiteUrl"] == before["SiteUrl"]
    listed = account.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    domains = {f"https://{one['DomainName']}" for one in listed}
    assert {after["SiteUrl"], after["DashboardUrl"].removesuffix("/dashboard")} <= domains


def test_every_alarm_is_there(made: Made) -> None:
    told = made.ask("cloudwatch", "describe_alarms", AlarmNamePrefix=made.names.prefix)["MetricAlarms"]
    wanted = resolved.of_type(resolved.front(), "AWS::CloudWatch::Alarm")
    assert len(told) == len(wanted)
    assert wanted


def test_every_log_of_the_templates_ends(made: Made) -> None:
    for group in (made.names.access_log_group, made.names.log_group(FUNCTIONS[0])):
        (told,) = made.ask("logs", "describe_log_groups", logGroupNamePrefix=group)["logGroups"][:1]
        assert told["retentionInDays"] == 90


def test_the_table_forgets_what_ends_and_remembers_the_rest(made: Made) -> None:
    named = {"TableName": made.names.table}
    forgets = made.ask("dynamodb", "describe_time_to_live", **named)["TimeToLiveDescription"]
    kept = made.ask("dynamodb", "describe_continuous_backups", **named)["ContinuousBackupsDescription"]
    assert (forgets["TimeToLiveStatus"], forgets["AttributeName"]) == ("ENABLED", "expires")
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize("output", ["SiteBucket", "KeepBucket"])
def test_a_bucket_is_closed_to_the_public(made: Made, output: str) -> None:
    told = made.ask("s3", "get_public_access_block", Bucket=made.outputs[output])
    assert set(told["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_keep_bucket_is_versioned(made: Made) -> None:
    assert made.ask("s3", "get_bucket_versioning", Bucket=made.outputs["KeepBucket"])["Status"] == "Enabled"


def test_both_stacks_can_be_deleted(made: Made) -> None:
    for stack in (made.names.front_stack, made.names.base_stack):
        Stack(made.account, stack).delete(print)
    assert Stack(made.account, made.names.base_stack).look() is None


def test_where_cloudformation_has_no_budgets_the_template_names_none() -> None:
    text = base_template(budgets=False)
    whole, without = resolved.loaded(base_template()), resolved.loaded(text)
    assert "AWS::Budgets" not in text
    assert set(whole["Resources"]) - set(without["Resources"]) == {"Budget"}


def test_a_spend_limit_is_refused_before_anything_is_made_where_there_are_no_budgets(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    account, names = connect(region="eu-north-1"), Names("budgetless", "sandbox", "eu-north-1")
    with pytest.raises(OperatorProblem, match=r"has no budgets in eu-north-1\. Deploy without --spend-limit"):
        deploy(account, names, spend_limit=50.0, alarm_email="lab@example.com")
    assert resource_inventory.find(account, names) == []
