"""Missing rights are named before anything is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.account import Identity
from infra.aws.errors import AwsProblem
from infra.aws.names import Names
from infra.aws.rights import NEEDED, ON_ANYTHING, look_up

USER = Identity("123456789012", "arn:aws:iam::123456789012:user/ada")
NAMES = Names("story", "live")


def account(identity: Identity, simulate: Callable[..., Any]) -> Any:
    role = {"Role": {"Arn": "arn:aws:iam::123456789012:role/lab/deployers"}}
    iam = SimpleNamespace(simulate_principal_policy=simulate, get_role=lambda RoleName: role)  # noqa: N803
    return SimpleNamespace(identity=identity, region="us-east-1", client=lambda service: iam)


def decide(denied: str) -> Callable[..., Any]:
    def simulate(ActionNames: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        return {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalDecision": "implicitDeny" if name == denied else "allowed"}
                for name in ActionNames
            ]
        }

    return simulate


@pytest.mark.parametrize("denied", ["iam:PassRole", "cloudfront:CreateDistribution", "ssm:PutParameter"])
def test_a_right_that_is_missing_is_named(denied: str) -> None:
    assert look_up(account(USER, decide(denied)), NAMES).missing == (denied,)


def test_with_every_right_nothing_is_missing() -> None:
    look_up(account(USER, decide("")), NAMES).demand()


def test_missing_rights_end_the_command_before_anything_is_made() -> None:
    with pytest.raises(AwsProblem, match=r"lacks rights: iam:PassRole\. Nothing was made"):
        look_up(account(USER, decide("iam:PassRole")), NAMES).demand()


def test_who_may_not_simulate_is_told_so_and_goes_on() -> None:
    def simulate(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "SimulatePrincipalPolicy")

    rights = look_up(account(USER, simulate), NAMES)
    assert rights.unknown == "SimulatePrincipalPolicy isn't allowed (AccessDenied)"


def test_the_role_behind_a_session_is_what_is_asked_about() -> None:
    asked: list[str] = []

    def simulate(PolicySourceArn: str, **more: Any) -> Any:  # noqa: N803
        asked.append(PolicySourceArn)
        return decide("")(**more)

    session = Identity("123456789012", "arn:aws:sts::123456789012:assumed-role/deployers/ada")
    look_up(account(session, simulate), NAMES)
    assert set(asked) == {"arn:aws:iam::123456789012:role/lab/deployers"}


def test_the_accounts_own_keys_may_do_everything() -> None:
    def simulate(**_: Any) -> None:
        raise AssertionError("nobody should ask")

    assert look_up(account(Identity("1", "arn:aws:iam::1:root"), simulate), NAMES).missing == ()


def test_no_service_needs_more_actions_than_one_call_takes() -> None:
    assert max(map(len, NEEDED.values())) <= 100


@pytest.mark.parametrize("service", sorted(NEEDED))
def test_the_documentation_lists_every_right(service: str) -> None:
    rows = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8").splitlines()
    actions = ", ".join(f"`{action}`" for action in NEEDED[service])
    assert f"| `{service}` | {actions} |" in rows


NAMED = ("s3", "dynamodb", "sqs", "iam", "lambda", "sns", "logs", "events", "ssm", "cloudwatch")


@pytest.mark.parametrize("service", NAMED)
def test_a_right_that_is_limited_to_the_apps_own_resources_is_not_missing(service: str) -> None:
    def simulate(ActionNames: list[str], ResourceArns: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        (resource,) = ResourceArns
        is_own = "petri-story-live" in resource or "/petri/story/live" in resource
        is_own = is_own or (resource == "*" and set(ActionNames) <= ON_ANYTHING)
        named = {name for name in ActionNames if name.startswith(f"{service}:") and not is_own}
        return {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalDecision": "implicitDeny" if name in named else "allowed"}
                for name in ActionNames
            ]
        }

    assert look_up(account(USER, simulate), NAMES).missing == ()


def test_rights_on_what_is_in_a_bucket_are_asked_for_what_is_in_it() -> None:
    asked: dict[str, str] = {}

    def simulate(ActionNames: list[str], ResourceArns: list[str], **more: Any) -> dict[str, Any]:  # noqa: N803
        asked.update(dict.fromkeys(ActionNames, ResourceArns[0]))
        return decide("")(ActionNames=ActionNames, **more)

    look_up(account(USER, simulate), NAMES)
    bucket = "arn:aws:s3:::petri-story-live-123456789012-site"
    assert (asked["s3:CreateBucket"], asked["s3:PutObject"]) == (bucket, f"{bucket}/*")


@pytest.mark.parametrize(("limits", "missing"), [(True, ("budgets:ModifyBudget",)), (False, ())])
def test_rights_on_budgets_are_asked_for_with_a_limit_only(limits: bool, missing: tuple[str, ...]) -> None:
    found = look_up(account(USER, decide("budgets:ModifyBudget")), NAMES, limits=limits)
    assert found.missing == missing
