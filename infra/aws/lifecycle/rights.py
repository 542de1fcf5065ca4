"""Determines which rights deploying needs and which are missing, before anything is created."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.aws.account.aws_errors import REFUSALS, code_of, problem
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

from .required_rights import HANDLERS, kept

#: The calls of Petri and Chalice themselves, by service; a rehearsal records every call and compares.
DIRECT: Final[dict[str, tuple[str, ...]]] = {
    "cloudformation": (
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
        "ContinueUpdateRollback",
        "DescribeStacks",
        "DescribeStackEvents",
        "CreateChangeSet",
        "DescribeChangeSet",
        "DeleteChangeSet",
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
        "ListAllMyBuckets",
        "ListBucket",
        "ListBucketVersions",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutEncryptionConfiguration",
        "PutBucketVersioning",
        "PutBucketObjectLockConfiguration",
        "PutLifecycleConfiguration",
        "PutObject",
        "GetObject",
        "GetObjectVersion",
        "GetObjectRetention",
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
        "PublishVersion",
        "CreateAlias",
        "GetAlias",
        "UpdateAlias",
        "ListVersionsByFunction",
        "PublishLayerVersion",
        "GetLayerVersion",
        "ListLayerVersions",
        "DeleteLayerVersion",
        "AddPermission",
        "CreateEventSourceMapping",
        "GetEventSourceMapping",
        "ListEventSourceMappings",
        "UpdateEventSourceMapping",
        "DeleteEventSourceMapping",
        "GetPolicy",
        "DeleteFunctionConcurrency",
        "PutFunctionRecursionConfig",
        "GetAccountSettings",
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
    "acm": ("ListCertificates", "DescribeCertificate"),
    "ssm": ("GetParameter", "PutParameter", "DeleteParameter"),
    "budgets": ("ViewBudget", "ModifyBudget", "TagResource"),
}


@dataclass(frozen=True)
class UnusedRight:
    """Rights that a handler needs only for properties that the templates don't set."""

    kind: str
    #: fits an action, its service's name included
    pattern: str
    properties: tuple[str, ...]


#: A handler reads all properties of a resource, but writes only those in the template.
UNUSED: Final = (
    UnusedRight(
        "AWS::DynamoDB::Table",
        r"kinesis:|dynamodb:(Enable|Disable|Update)Kinesis\w+",
        ("KinesisStreamSpecification",),
    ),
    UnusedRight("AWS::DynamoDB::Table", r"dynamodb:\w*Import\w*|(logs|s3):", ("ImportSourceSpecification",)),
    UnusedRight(
        "AWS::DynamoDB::Table",
        r"dynamodb:UpdateContributorInsights",
        ("ContributorInsightsSpecification",),
    ),
    UnusedRight("AWS::DynamoDB::Table", r"dynamodb:(Put|Delete)ResourcePolicy", ("ResourcePolicy",)),
    UnusedRight("AWS::DynamoDB::Table", r"iam:|dynamodb:\w+Replica", ("Replicas",)),
    UnusedRight("AWS::DynamoDB::Table", r"kms:", ("KMSMasterKeyId",)),
    UnusedRight("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Analytics\w+", ("AnalyticsConfigurations",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutInventory\w+", ("InventoryConfigurations",)),
    UnusedRight("AWS::S3::Bucket", r"s3:(Put|Delete)\w*Metrics\w+", ("MetricsConfigurations",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutBucketNotification", ("NotificationConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"iam:|s3:(Put|Delete)\w*Replication\w*", ("ReplicationConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"s3:(Put|Delete)BucketWebsite", ("WebsiteConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutAccelerate\w+", ("AccelerateConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"s3:Put\w*ObjectLock\w+", ("ObjectLockConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutBucketLogging", ("LoggingConfiguration",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutIntelligent\w+", ("IntelligentTieringConfigurations",)),
    UnusedRight("AWS::S3::Bucket", r"s3:Put(Bucket|Object)Acl", ("AccessControl",)),
    UnusedRight("AWS::S3::Bucket", r"s3:PutBucketAbac", ("AbacStatus",)),
    UnusedRight(
        "AWS::S3::Bucket",
        r"s3tables:|s3:(Create|Delete|Update)BucketMetadata\w+",
        ("MetadataTableConfiguration", "MetadataConfiguration"),
    ),
    UnusedRight("AWS::Logs::LogGroup", r"logs:(Put|Delete)DataProtectionPolicy", ("DataProtectionPolicy",)),
    UnusedRight("AWS::Logs::LogGroup", r"firehose:|logs:CreateLogDelivery", ("DataProtectionPolicy",)),
    UnusedRight("AWS::Logs::LogGroup", r"logs:(Put|Delete)ResourcePolicy", ("ResourcePolicyDocument",)),
    UnusedRight("AWS::Logs::LogGroup", r"logs:(Put|Delete)IndexPolicy", ("FieldIndexPolicies",)),
    UnusedRight("AWS::Logs::LogGroup", r"logs:\w+KmsKey", ("KmsKeyId",)),
    UnusedRight("AWS::Logs::LogGroup", r"logs:PutBearer\w+", ("BearerTokenAuthenticationEnabled",)),
    UnusedRight("AWS::Logs::LogGroup", r"logs:PutLogGroupDeletionProtection", ("DeletionProtectionEnabled",)),
    UnusedRight(
        "AWS::SNS::Topic",
        r"iam:|sns:PutDataProtectionPolicy",
        ("DeliveryStatusLogging", "DataProtectionPolicy"),
    ),
    UnusedRight("AWS::SNS::Subscription", r"iam:", ("SubscriptionRoleArn",)),
    UnusedRight("AWS::CloudFront::Distribution", r"cloudfront:\w+ConnectionGroup", ("TenantConfig",)),
    UnusedRight("AWS::CloudFront::Distribution", r"cloudfront:GetVpcOrigin", ("VpcOriginConfig",)),
    UnusedRight(
        "AWS::CloudFront::Distribution",
        r"cloudfront:UpdateDistributionWithStagingConfig",
        ("Staging", "ContinuousDeploymentPolicyId"),
    ),
)


def of_handlers(handlers: Iterable[str] = HANDLERS) -> set[str]:
    """Return what CloudFormation's handlers call for the types and properties in the templates."""
    return {
        action
        for kind, permissions in kept().items()
        for handler in handlers
        for action in permissions.get(handler, ())
        if not any(one.kind == kind and re.match(one.pattern, action) for one in UNUSED)
    }


def _merged() -> dict[str, tuple[str, ...]]:
    """Return all required rights by service, those of direct calls first."""
    found = {service: list(actions) for service, actions in DIRECT.items()}
    for service, _, action in sorted(each.partition(":") for each in of_handlers()):
        if action not in found.setdefault(service, []):
            found[service].append(action)
    return {service: tuple(actions) for service, actions in found.items()}


#: The required rights by service, as listed in docs/deploying.md.
NEEDED: Final = _merged()
#: Needed only to list all resources of a type, which deploying doesn't do: operators may lack them.
ONLY_FOR_LISTS: Final = (
    of_handlers(["list"])
    - of_handlers(["create", "read", "update", "delete"])
    - {f"{service}:{action}" for service, actions in DIRECT.items() for action in actions}
)
#: Only showing what an update would change needs these: an operator without them deploys without that.
ONLY_FOR_PREVIEWS: Final = {
    f"cloudformation:{action}ChangeSet" for action in ("Create", "Describe", "Delete")
}
#: Needed for --spend-limit only.
OF_LIMITS: Final = {"budgets", "billing"}
#: Needed for --domain only.
OF_DOMAINS: Final = {"acm"}
#: Actions on objects in a bucket, and those on resources without a name known beforehand.
_ON_OBJECTS: Final = {
    "s3:PutObject",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
}
ON_ANYTHING: Final = {
    "sns:Unsubscribe",
    "s3:ListAllMyBuckets",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "cloudwatch:DescribeAlarms",
    "lambda:GetAccountSettings",
    *(f"lambda:{action}" for action in DIRECT["lambda"] if "EventSourceMapping" in action),
}
_ALLOWED: Final = "allowed"
#: Actions that one call simulates.
_AT_ONCE: Final = 100


@dataclass(frozen=True)
class Rights:
    """The result of checking the operator's rights."""

    missing: tuple[str, ...] = ()
    #: Why they couldn't be looked up; None when they were.
    unknown: str | None = None

    def demand(self) -> None:
        """Raise OperatorProblem with all missing rights."""
        if self.missing:
            raise OperatorProblem(
                f"Your AWS user lacks permissions: {', '.join(self.missing)}. Nothing was created. Ask the "
                "account's administrator for them; docs/deploying.md lists all required rights."
            )


def look_up(account: Account, names: Names, *, limits: bool = False, domain: bool = False) -> Rights:
    """Query IAM for missing rights on the app's own resources.

    `limits`: include the rights for a spend limit; `domain`: include those for a domain.
    """
    identity = account.identity
    if identity.is_root:
        return Rights()
    left_out = (set() if limits else OF_LIMITS) | (set() if domain else OF_DOMAINS)
    services = [service for service in NEEDED if service not in left_out]
    try:
        return Rights(missing=tuple(_missing(account, names, services)))
    except ClientError as error:
        return Rights(unknown=f"{error.operation_name} isn't allowed ({code_of(error) or 'no reason given'})")
    except REFUSALS as error:
        return Rights(unknown=str(problem(error)))


def _missing(account: Account, names: Names, services: Iterable[str]) -> Iterator[str]:
    iam = account.client("iam")
    source = _source(account)
    resources = _resources(account, names)
    for service in services:
        actions_of: dict[str, list[str]] = defaultdict(list)
        for action in NEEDED[service]:
            name = f"{service}:{action}"
            if name in ONLY_FOR_LISTS | ONLY_FOR_PREVIEWS:
                continue
            actions_of[_resource(name, resources.get(service, "*"))].append(name)
        for resource, actions in actions_of.items():
            for start in range(0, len(actions), _AT_ONCE):
                names_of_actions = actions[start : start + _AT_ONCE]
                answer = iam.simulate_principal_policy(
                    PolicySourceArn=source, ActionNames=names_of_actions, ResourceArns=[resource]
                )
                yield from _denied(answer["EvaluationResults"])


def _denied(results: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for result in results:
        # A result that depends on missing context values may still be allowed.
        if result["EvalDecision"] != _ALLOWED and not result.get("MissingContextValues"):
            yield str(result["EvalActionName"])


def _source(account: Account) -> str:
    """Return the user or role of the keys; for a session, its role."""
    arn = account.identity.arn
    if ":assumed-role/" not in arn:
        return arn
    role = arn.split("/")[1]
    return str(account.client("iam").get_role(RoleName=role)["Role"]["Arn"])


def _resources(account: Account, names: Names) -> dict[str, str]:
    """Return the ARNs to check the rights of each service on, as far as they are known beforehand.

    A right that is limited to the app's resources counts as present.
    """
    identity = account.identity
    own, arn = f":{account.region}:{identity.account}:", f"arn:{identity.partition}:"
    return {
        "cloudformation": f"{arn}cloudformation{own}stack/{names.base_stack}/*",
        "dynamodb": f"{arn}dynamodb{own}table/{names.table}",
        "sqs": f"{arn}sqs{own}{names.queue}",
        "sns": f"{arn}sns{own}{names.topic}",
        "s3": f"{arn}s3:::{names.site_bucket(identity.account)}",
        "iam": f"{arn}iam::{identity.account}:role/{names.role('on_message')}",
        "lambda": f"{arn}lambda{own}function:{names.function('on_message')}",
        "apigateway": f"{arn}apigateway:{account.region}::/restapis/*",
        "events": f"{arn}events{own}rule/{names.tick_rule}",
        "logs": f"{arn}logs{own}log-group:{names.log_group('on_message')}:*",
        "cloudwatch": f"{arn}cloudwatch{own}alarm:{names.prefix}-errors",
        "ssm": f"{arn}ssm{own}parameter{names.secrets}",
        "budgets": f"{arn}budgets::{identity.account}:budget/{names.budget}",
    }


def _resource(action: str, of_service: str) -> str:
    """Return the ARN to check one right on: usually that of its service."""
    if action in ON_ANYTHING:
        return "*"
    return f"{of_service}/*" if action in _ON_OBJECTS else of_service
