"""Stacks are updated to their template from whatever state they are in."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources.stacks import Change, Stack, tags_of
from infra.problems import OperatorProblem


def template(topic: str, **more: Any) -> str:
    resources = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic}}, **more}
    return json.dumps({"Resources": resources, "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}}})


def change(names: Names, topic: str = "") -> Change:
    return Change(template(topic or f"{names.prefix}-t"), {}, tags_of(names))


@pytest.fixture
def stack(account: Account, names: Names) -> Stack:
    return Stack(account, names.base_stack)


def test_a_new_stack_gives_its_outputs(stack: Stack, names: Names) -> None:
    assert stack.apply(change(names), print)["Topic"].endswith(f":{names.prefix}-t")


def test_a_second_time_changes_nothing(stack: Stack, names: Names) -> None:
    first = stack.apply(change(names), print)
    assert stack.apply(change(names), print) == first


def test_a_changed_template_updates_the_stack(stack: Stack, names: Names) -> None:
    stack.apply(change(names), print)
    assert stack.apply(change(names, f"{names.prefix}-u"), print)["Topic"].endswith("-u")


def test_a_stack_knows_whose_it_is(stack: Stack, names: Names) -> None:
    stack.apply(change(names), print)
    other = Names(names.app, "live")
    assert (stack.belongs_to(names), stack.belongs_to(other)) == (True, False)


def test_a_deleted_stack_is_gone(stack: Stack, names: Names) -> None:
    stack.apply(change(names), print)
    stack.delete(print)
    assert stack.look() is None


def test_deleting_a_missing_stack_is_not_an_error(stack: Stack) -> None:
    assert stack.delete(print) is False


def test_a_template_that_is_too_long_is_refused_before_it_is_sent(stack: Stack, names: Names) -> None:
    long = Change(" " * 60_000, {}, {})
    with pytest.raises(OperatorProblem, match="longer than CloudFormation allows"):
        stack.apply(long, print)


def test_an_omitted_parameter_is_unchanged(stack: Stack, names: Names) -> None:
    text = json.dumps(
        {
            "Parameters": {"Word": {"Type": "String", "Default": "none"}},
            "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {"Word": {"Value": {"Ref": "Word"}}, "Count": {"Value": "COUNT"}},
        }
    )
    stack.apply(Change(text, {"Word": "said"}, tags_of(names)), print)
    again = Change(text.replace("COUNT", "2"), {"Word": None}, tags_of(names))
    assert stack.apply(again, print) == {"Word": "said", "Count": "2"}


class Played:
    """CloudFormation with states that moto never has."""

    def __init__(self, *states: str | None, events: list[dict[str, Any]] | None = None) -> None:
        self.states = list(states)
        self.calls: list[str] = []
        self._events = events or []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": state, "Outputs": [{"OutputKey": "A", "OutputValue": "b"}]}]}

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=lambda StackName: [{"StackEvents": self._events}])  # noqa: N803

    def create_stack(self, **_: Any) -> None:
        self.calls.append("create")

    def update_stack(self, **_: Any) -> None:
        self.calls.append("update")

    def delete_stack(self, **_: Any) -> None:
        self.calls.append("delete")

    def continue_update_rollback(self, **_: Any) -> None:
        self.calls.append("continue")


def played(*states: str | None, events: list[dict[str, Any]] | None = None) -> tuple[Stack, Played]:
    cloud = Played(*states, events=events)
    whose: Any = SimpleNamespace(client=lambda service: cloud)
    return Stack(whose, "petri-a-live-base"), cloud


WANTED = Change("{}", {}, {})


@pytest.mark.parametrize("remains", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "DELETE_FAILED"])
def test_the_remains_of_an_earlier_try_are_deleted_first(remains: str) -> None:
    stack, cloud = played(remains, remains, None, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    stack.apply(WANTED, print)
    assert cloud.calls == ["delete", "create"]


def test_a_stuck_update_is_rolled_back_before_the_next() -> None:
    stack, cloud = played("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE")
    stack.apply(WANTED, print)
    assert cloud.calls == ["continue", "update"]


def test_a_change_under_way_is_waited_for() -> None:
    stack, cloud = played("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    stack.apply(WANTED, print)
    assert cloud.calls == ["update"]


def event(name: str, status: str, reason: str = "", kind: str = "AWS::S3::Bucket") -> dict[str, Any]:
    return {
        "LogicalResourceId": name,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "ResourceType": kind,
    }


NEWEST_FIRST = [
    event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
    event("Site", "CREATE_FAILED", "petri-a-site already exists"),
    event("petri-a-live-base", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack"),
    event("Table", "CREATE_FAILED", "of last time"),
]


def test_a_failure_tells_the_reason_of_the_resource_that_failed() -> None:
    stack, _ = played(None, "ROLLBACK_COMPLETE", events=NEWEST_FIRST)
    with pytest.raises(
        OperatorProblem, match=r"Site \(AWS::S3::Bucket\) failed: petri-a-site already exists\."
    ):
        stack.apply(WANTED, print)


def test_a_name_that_is_taken_elsewhere_is_answered_with_what_to_do() -> None:
    stack, _ = played(None, "ROLLBACK_COMPLETE", events=NEWEST_FIRST)
    with pytest.raises(OperatorProblem, match="choose another --app"):
        stack.apply(WANTED, print)


def test_a_wait_ends_after_an_hour() -> None:
    stack, _ = played("UPDATE_IN_PROGRESS")
    with pytest.raises(OperatorProblem, match="still UPDATE_IN_PROGRESS after an hour"):
        stack.apply(WANTED, print)
