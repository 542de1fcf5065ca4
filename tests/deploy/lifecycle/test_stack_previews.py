"""Before an update, the operator sees what CloudFormation would change, and nothing is changed by that."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.account.names import Names
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.deployment import Deployment, DeploySpec
from infra.aws.lifecycle.rights import look_up
from infra.aws.lifecycle.stack_previews import StackPreview, preview
from infra.aws.resources.stack_templates import base_template
from infra.aws.resources.stacks import Change, Stack
from infra.problems import OperatorProblem
from tests.deploy.app import DEMO, SETTINGS, Launches, Probes, Told
from tests.deploy.conftest import Standing

NAME = "petri-a-live-base"
RETENTION = "MessageRetentionPeriod: 1209600"
WANTED = Change("{}", {}, {})


def previews(standing: Standing, **more: Any) -> dict[str, list[str]]:
    """Preview a deploy of the app that is there; each stack's lines below its own."""
    order = DeploySpec(folder=DEMO, names=standing.names, **{"settings": SETTINGS, **more})
    found = Deployment(standing.account, order, Told()).preview()
    return {each.stack: each.lines()[1:] for each in found}


def test_a_deploy_of_the_same_changes_no_stack(standing: Standing) -> None:
    names = standing.names
    assert previews(standing) == {names.base_stack: [], names.front_stack: []}


@pytest.fixture
def _newer_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer Petri, whose queues keep messages for a day."""

    def newer(**more: Any) -> str:
        text = base_template(**more)
        assert RETENTION in text
        return text.replace(RETENTION, "MessageRetentionPeriod: 86400")

    monkeypatch.setattr(deployment, "base_template", newer)


@pytest.mark.usefixtures("_newer_template")
def test_a_changed_template_shows_the_resources_that_it_changes(standing: Standing) -> None:
    lines = previews(standing)[standing.names.base_stack]
    assert "  changes Messages (AWS::SQS::Queue)" in lines
    assert {line.partition("(")[2] for line in lines} == {"AWS::SQS::Queue)"}


def test_a_setting_of_cloudfront_shows_in_the_front_stack_alone(standing: Standing) -> None:
    found = previews(standing, price_class="all")
    assert found[standing.names.base_stack] == []
    assert sorted(found[standing.names.front_stack]) == [
        "  changes DashboardDistribution (AWS::CloudFront::Distribution)",
        "  changes Distribution (AWS::CloudFront::Distribution)",
    ]


@pytest.mark.usefixtures("_newer_template")
def test_a_preview_changes_nothing_and_leaves_no_change_set(standing: Standing) -> None:
    names, cloud = standing.names, standing.account.client("cloudformation")
    before = {name: Stack(standing.account, name).look() for name in (names.base_stack, names.front_stack)}
    assert previews(standing)[names.base_stack]
    assert {name: Stack(standing.account, name).look() for name in before} == before
    assert [cloud.list_change_sets(StackName=name)["Summaries"] for name in before] == [[], []]


def test_a_previewed_deploy_can_be_carried_out_right_away(standing: Standing) -> None:
    order = DeploySpec(folder=DEMO, names=standing.names, settings=SETTINGS)
    deploy = Deployment(standing.account, order, Told(), launch=Launches(), probe=Probes())
    deploy.preview()
    assert deploy.run().site_url.startswith("https://")


def test_an_app_that_is_not_there_has_no_preview(standing: Standing) -> None:
    names = Names("other", "sandbox", standing.names.region)
    assert (
        Deployment(
            standing.account, DeploySpec(folder=DEMO, names=names, settings=SETTINGS), Told()
        ).preview()
        == []
    )


class Played:
    """CloudFormation that answers in ways that the emulator never does."""

    def __init__(self, *answers: dict[str, Any], state: str = "UPDATE_COMPLETE", denied: str = "") -> None:
        self.answers = list(answers)
        self.calls: list[str] = []
        self._state, self._denied = state, denied

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        return {"Stacks": [{"StackName": StackName, "StackStatus": self._state}]}

    def create_change_set(self, **_: Any) -> None:
        self._called("CreateChangeSet")

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        self._called("DescribeChangeSet")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def delete_change_set(self, **_: Any) -> None:
        self._called("DeleteChangeSet")

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if operation == self._denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


def ask(cloud: Played) -> StackPreview:
    whose: Any = SimpleNamespace(client=lambda service: cloud)
    return preview(whose, Stack(whose, NAME), WANTED)


def changed(resource: str, action: str = "Modify", **more: Any) -> dict[str, Any]:
    return {
        "ResourceChange": {
            "Action": action,
            "LogicalResourceId": resource,
            "ResourceType": "AWS::SQS::Queue",
            **more,
        }
    }


def done(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Status": "CREATE_COMPLETE", "Changes": list(changes), **more}


DETAILS = [
    {"Target": {"Attribute": "Properties", "Name": "VisibilityTimeout"}},
    {"Target": {"Attribute": "Properties", "Name": "QueueName"}},
    {"Target": {"Attribute": "Properties", "Name": "QueueName"}},
    {"Target": {"Attribute": "Tags"}},
]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (changed("Queue", "Add"), "adds Queue (AWS::SQS::Queue)"),
        (changed("Queue", "Remove"), "deletes Queue (AWS::SQS::Queue)"),
        (changed("Queue", Replacement="False"), "changes Queue (AWS::SQS::Queue)"),
        (changed("Queue", Replacement="True"), "REPLACES Queue (AWS::SQS::Queue)"),
        (changed("Queue", Replacement="Conditional"), "changes or REPLACES Queue (AWS::SQS::Queue)"),
        (
            changed("Queue", Details=DETAILS),
            "changes Queue (AWS::SQS::Queue): QueueName, Tags, VisibilityTimeout",
        ),
    ],
)
def test_each_change_describes_its_effect_on_the_resource(change: dict[str, Any], line: str) -> None:
    assert ask(Played(done(change))).lines() == [f"stack {NAME}:", f"  {line}"]


def test_changes_on_later_pages_are_shown_too() -> None:
    cloud = Played(done(changed("First"), NextToken="2"), done(changed("Second")))
    assert [each.resource for each in ask(cloud).changes] == ["First", "Second"]


def test_a_change_set_is_waited_for_and_deleted() -> None:
    cloud = Played({"Status": "CREATE_IN_PROGRESS"}, done(changed("Queue")))
    assert len(ask(cloud).changes) == 1
    assert cloud.calls == ["CreateChangeSet", "DescribeChangeSet", "DescribeChangeSet", "DeleteChangeSet"]


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_a_change_set_without_changes_is_reported_as_empty(reason: str) -> None:
    cloud = Played({"Status": "FAILED", "StatusReason": reason})
    assert ask(cloud).lines() == [f"stack {NAME}: no changes"]
    assert cloud.calls[-1] == "DeleteChangeSet"


def test_an_update_that_cloudformation_refuses_ends_the_command_with_its_reason() -> None:
    cloud = Played({"Status": "FAILED", "StatusReason": "Property Nmae is unknown."})
    with pytest.raises(OperatorProblem, match=rf"can't update {NAME}: Property Nmae is unknown\. Fix"):
        ask(cloud)
    assert cloud.calls[-1] == "DeleteChangeSet"


def test_a_change_set_that_never_ends_ends_the_command() -> None:
    with pytest.raises(OperatorProblem, match="again in a few minutes"):
        ask(Played({"Status": "CREATE_PENDING"}))


@pytest.mark.parametrize("operation", ["CreateChangeSet", "DescribeChangeSet"])
def test_a_missing_right_hides_the_changes_and_refuses_nothing(operation: str) -> None:
    found = ask(Played(done(), denied=operation))
    assert found.unknown == f"the changes can't be shown, because cloudformation:{operation} isn't allowed"


def test_a_change_set_that_cannot_be_deleted_is_still_shown() -> None:
    assert len(ask(Played(done(changed("Queue")), denied="DeleteChangeSet")).changes) == 1


@pytest.mark.parametrize("operation", ["Create", "Describe", "Delete"])
def test_a_deploy_is_not_refused_for_a_right_that_only_previews_need(operation: str) -> None:
    right = f"cloudformation:{operation}ChangeSet"

    def simulate(ActionNames: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        decided = {name: "implicitDeny" if name == right else "allowed" for name in ActionNames}
        return {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalDecision": decision} for name, decision in decided.items()
            ]
        }

    identity = SimpleNamespace(
        is_root=False, arn="arn:aws:iam::123456789012:user/ada", account="123456789012", partition="aws"
    )
    iam = SimpleNamespace(simulate_principal_policy=simulate)
    account: Any = SimpleNamespace(identity=identity, region="us-east-1", client=lambda service: iam)
    assert look_up(account, Names("story", "live")).missing == ()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("UPDATE_IN_PROGRESS", "it is UPDATE_IN_PROGRESS; what changes is known when that has ended"),
        ("UPDATE_ROLLBACK_FAILED", "it is UPDATE_ROLLBACK_FAILED; what changes is known when that has ended"),
        (
            "ROLLBACK_COMPLETE",
            "it is ROLLBACK_COMPLETE and will be deleted first, so everything in it is new",
        ),
    ],
)
def test_a_stack_that_cannot_be_updated_right_away_says_why(state: str, said: str) -> None:
    cloud = Played(done(), state=state)
    assert ask(cloud).lines() == [f"stack {NAME}: {said}"]
    assert cloud.calls == []


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "CREATE_COMPLETE"])
def test_a_stack_that_rests_is_asked(state: str) -> None:
    assert ask(Played(done(), state=state)).unknown == ""
