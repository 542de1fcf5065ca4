"""Missing rights are named before anything is made."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.account.names import Names
from infra.aws.account.session import Identity
from infra.aws.lifecycle import required_rights
from infra.aws.lifecycle.rights import NEEDED, ON_ANYTHING, ONLY_FOR_LISTS, UNUSED, UnusedRight, look_up
from infra.aws.resources.stack_templates import TEMPLATES
from infra.problems import OperatorProblem

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
    with pytest.raises(OperatorProblem, match=r"lacks permissions: iam:PassRole\. Nothing was created"):
        look_up(account(USER, decide("iam:PassRole")), NAMES).demand()


def test_an_operator_without_the_permission_to_simulate_gets_a_notice_and_continues() -> None:
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


def test_more_actions_than_one_call_takes_are_asked_for_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def simulate(ActionNames: list[str], **more: Any) -> dict[str, Any]:  # noqa: N803
        assert len(ActionNames) <= 100
        asked.extend(ActionNames)
        return decide("")(ActionNames=ActionNames, **more)

    many = tuple(f"Get{number}" for number in range(205))
    monkeypatch.setitem(NEEDED, "cloudfront", many)
    look_up(account(USER, simulate), NAMES)
    assert {f"cloudfront:{action}" for action in many} <= set(asked)


def test_every_type_of_the_templates_has_its_handlers_permissions() -> None:
    assert sorted(required_rights.kept()) == required_rights.types()


def test_the_stored_permissions_match_the_schemas() -> None:
    assert required_rights.kept() == required_rights.read_from_schemas(), "make rights"


def test_the_regions_of_a_type_match_the_schemas() -> None:
    found = required_rights.regions_from_schemas()
    assert {kind: required_rights.regions_with(kind) for kind in found} == found, "make rights"


def test_only_budgets_are_not_in_every_region() -> None:
    assert list(required_rights.regions_from_schemas()) == ["AWS::Budgets::Budget"]


@pytest.mark.parametrize("kind", required_rights.types())
def test_every_handlers_permission_is_needed_or_left_out_for_a_reason(kind: str) -> None:
    for action in itertools.chain.from_iterable(required_rights.kept()[kind].values()):
        service, _, name = action.partition(":")
        reasons = [one for one in UNUSED if one.kind == kind and re.match(one.pattern, action)]
        assert reasons or name in NEEDED[service]


@pytest.mark.parametrize("unused", UNUSED, ids=lambda one: f"{one.kind} {one.pattern}")
def test_rights_are_left_out_only_for_properties_that_no_template_sets(unused: UnusedRight) -> None:
    templates = "".join(path.read_text() for path in TEMPLATES.glob("*.yaml"))
    of_kind = re.findall(rf"Type: {unused.kind}\n(.*?)(?=\n  \w|\Z)", templates, re.DOTALL)
    assert of_kind
    assert not any(re.search(rf"\b{name}:", text) for text in of_kind for name in unused.properties)


@pytest.mark.parametrize("unused", UNUSED, ids=lambda one: f"{one.kind} {one.pattern}")
def test_omitted_permissions_are_still_in_the_schemas(unused: UnusedRight) -> None:
    actions = set(itertools.chain.from_iterable(required_rights.kept()[unused.kind].values()))
    assert any(re.match(unused.pattern, action) for action in actions)


NAMED_BY_SCHEMAS = [
    "cloudfront:UpdateCachePolicy",
    "cloudfront:GetOriginAccessControl",
    "s3:GetBucketTagging",
    "dynamodb:DescribeContinuousBackups",
    "logs:DescribeMetricFilters",
]


@pytest.mark.parametrize("action", NAMED_BY_SCHEMAS)
def test_permissions_that_only_cloudformation_uses_are_checked_too(action: str) -> None:
    assert look_up(account(USER, decide(action)), NAMES).missing == (action,)


@pytest.mark.parametrize("action", sorted(ONLY_FOR_LISTS))
def test_an_operator_without_the_right_to_list_everything_is_not_refused(action: str) -> None:
    assert look_up(account(USER, decide(action)), NAMES).missing == ()


@pytest.mark.parametrize("service", sorted(NEEDED))
def test_the_documentation_lists_every_right(service: str) -> None:
    rows = (Path(__file__).parents[3] / "docs" / "deploying.md").read_text(encoding="utf-8").splitlines()
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
