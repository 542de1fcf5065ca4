"""Which rights deploying needs, and which of them are missing: told before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from infra.aws.account import Account, Identity
from infra.aws.errors import REFUSALS, AwsProblem, code_of, problem
from infra.aws.names import Names

#: What AWS asks rights for, by service; deploy and destroy call nothing else on the operator's side.
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "cloudformation": (
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
        "ContinueUpdateRollback",
        "DescribeStacks",
        "DescribeStackEvents",
    ),
    "dynamodb": (
        "CreateTable",
        "DescribeTable",
        "UpdateTable",
        "DeleteTable",
        "UpdateContinuousBackups",
        "UpdateTimeToLive",
        "TagResource",
        "GetItem",
        "BatchGetItem",
        "Query",
        "PutItem",
        "UpdateItem",
        "ConditionCheckItem",
        "Scan",
        "BatchWriteItem",
    ),
    "sqs": (
        "CreateQueue",
        "DeleteQueue",
        "SetQueueAttributes",
        "GetQueueAttributes",
        "GetQueueUrl",
        "SendMessage",
        "TagQueue",
    ),
    "sns": (
        "CreateTopic",
        "DeleteTopic",
        "SetTopicAttributes",
        "GetTopicAttributes",
        "Subscribe",
        "Unsubscribe",
        "SetSubscriptionAttributes",
        "TagResource",
    ),
    "s3": (
        "CreateBucket",
        "DeleteBucket",
        "ListBucket",
        "ListBucketVersions",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutEncryptionConfiguration",
        "PutBucketVersioning",
        "PutLifecycleConfiguration",
        "PutObject",
        "GetObject",
        "DeleteObject",
        "DeleteObjectVersion",
        "PutBucketTagging",
    ),
    "cloudfront": (
        "CreateDistribution",
        "UpdateDistribution",
        "DeleteDistribution",
        "GetDistribution",
        "CreateInvalidation",
        "CreateFunction",
        "UpdateFunction",
        "PublishFunction",
        "DescribeFunction",
        "DeleteFunction",
        "CreateOriginAccessControl",
        "DeleteOriginAccessControl",
        "CreateCachePolicy",
        "DeleteCachePolicy",
        "CreateOriginRequestPolicy",
        "DeleteOriginRequestPolicy",
        "CreateResponseHeadersPolicy",
        "DeleteResponseHeadersPolicy",
        "TagResource",
    ),
    "iam": (
        "CreateRole",
        "GetRole",
        "DeleteRole",
        "PutRolePolicy",
        "DeleteRolePolicy",
        "ListRolePolicies",
        "PassRole",
    ),
    "lambda": (
        "CreateFunction",
        "GetFunction",
        "GetFunctionConfiguration",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        "DeleteFunction",
        "AddPermission",
        "CreateEventSourceMapping",
        "GetEventSourceMapping",
        "ListEventSourceMappings",
        "UpdateEventSourceMapping",
        "DeleteEventSourceMapping",
        "GetPolicy",
        "DeleteFunctionConcurrency",
        "ListTags",
        "TagResource",
        "UntagResource",
    ),
    "apigateway": ("GET", "POST", "PUT", "PATCH", "DELETE"),
    "events": (
        "PutRule",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "PutTargets",
        "RemoveTargets",
        "ListTargetsByRule",
        "DeleteRule",
    ),
    "logs": (
        "CreateLogGroup",
        "DescribeLogGroups",
        "PutRetentionPolicy",
        "DeleteRetentionPolicy",
        "DeleteLogGroup",
        "PutMetricFilter",
        "DeleteMetricFilter",
        "FilterLogEvents",
        "TagResource",
    ),
    "cloudwatch": ("PutMetricAlarm", "DeleteAlarms", "DescribeAlarms", "TagResource"),
    "ssm": ("GetParameter", "PutParameter", "DeleteParameter"),
}
_ALLOWED: Final = "allowed"
#: Actions that one call simulates.
_AT_ONCE: Final = 100


@dataclass(frozen=True)
class Rights:
    """What is known of the operator's rights."""

    missing: tuple[str, ...] = ()
    #: Why they couldn't be looked up; None when they were.
    unknown: str | None = None

    def demand(self) -> None:
        """AwsProblem with everything that is missing."""
        if self.missing:
            raise AwsProblem(
                f"Your AWS user lacks rights: {', '.join(self.missing)}. Nothing was made. Ask whoever runs "
                "the account for them; docs/deploying.md lists all that are needed."
            )


def look_up(account: Account, names: Names) -> Rights:
    """Ask IAM which of the needed rights are missing, for the app's own resources."""
    identity = account.identity
    if identity.is_root:
        return Rights()
    try:
        return Rights(missing=tuple(_missing(account, names)))
    except ClientError as error:
        return Rights(unknown=f"{error.operation_name} isn't allowed ({code_of(error) or 'no reason given'})")
    except REFUSALS as error:
        return Rights(unknown=str(problem(error)))


def _missing(account: Account, names: Names) -> Iterator[str]:
    iam = account.client("iam")
    source = _source(account)
    for service, resources in _resources(account.identity, account.region, names).items():
        actions = [f"{service}:{action}" for action in NEEDED[service]]
        answer = iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=actions[:_AT_ONCE], ResourceArns=resources
        )
        for result in answer["EvaluationResults"]:
            # What depends on facts that the simulation wasn't given may well be allowed.
            if result["EvalDecision"] != _ALLOWED and not result.get("MissingContextValues"):
                yield str(result["EvalActionName"])


def _source(account: Account) -> str:
    """Return the user or role behind the keys; a session of a role is none itself."""
    arn = account.identity.arn
    if ":assumed-role/" not in arn:
        return arn
    role = arn.split("/")[1]
    return str(account.client("iam").get_role(RoleName=role)["Role"]["Arn"])


def _resources(identity: Identity, region: str, names: Names) -> dict[str, list[str]]:
    """Return what the rights of each service are asked for; `*` where an ARN isn't known beforehand."""
    own = f":{region}:{identity.account}:"

    def arn(service: str, rest: str) -> list[str]:
        return [f"arn:{identity.partition}:{service}{rest}"]

    everything = {service: ["*"] for service in NEEDED}
    return {
        **everything,
        "cloudformation": arn("cloudformation", f"{own}stack/{names.base_stack}/*"),
        "dynamodb": arn("dynamodb", f"{own}table/{names.table}"),
        "sqs": arn("sqs", f"{own}{names.queue}"),
        "iam": arn("iam", f"::{identity.account}:role/{names.role('on_message')}"),
        "ssm": arn("ssm", f"{own}parameter{names.secrets}"),
        "events": arn("events", f"{own}rule/{names.tick_rule}"),
    }
