"""Types that moto's CloudFormation says it made and skips: made here, by their services' own APIs."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.models import Change as ResourceChange
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel

from .distributions import distribution_config

Properties = dict[str, Any]
#: Under which access key CloudFormation asks the other services, for the recorder.
CALLER = "CLOUDFORMATION"


@dataclass(frozen=True)
class MadeResource:
    """What became of a resource: what `Ref` gives, and its attributes."""

    id: str
    attributes: dict[str, str] = field(default_factory=dict)


class Clients:
    """Clients of the other services at this server, made when they are asked for."""

    endpoint: ClassVar[str] = ""
    _made: ClassVar[dict[tuple[str, str, str], Any]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def of(cls, service: str, region: str) -> Any:
        with cls._guard:
            asked = (cls.endpoint, service, region)
            if asked not in cls._made:
                cls._made[asked] = boto3.client(
                    service,
                    region_name=region,
                    endpoint_url=cls.endpoint,
                    aws_access_key_id=CALLER,
                    aws_secret_access_key="cloudformation",
                )
            return cls._made[asked]


class NotMade(Exception):
    """A service refused to make a resource."""

    def __init__(self, resource: str, kind: str, error: ClientError) -> None:
        details = error.response["Error"]
        self.resource, self.kind = resource, kind
        self.reason = (
            f'Resource handler returned message: "{details["Message"]}" (HandlerErrorCode: {details["Code"]})'
        )
        super().__init__(self.reason)


def _or_rolled_back(create: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let a stack whose resource can't be made go back, and say why, as CloudFormation does."""

    def create_or_roll_back(stack: Any) -> None:
        try:
            create(stack)
        except NotMade as failure:
            stack.events.append(
                Event(
                    stack_id=stack.stack_id,
                    stack_name=stack.name,
                    logical_resource_id=failure.resource,
                    physical_resource_id="",
                    resource_type=failure.kind,
                    resource_status="CREATE_FAILED",
                    resource_status_reason=failure.reason,
                    resource_properties=None,
                )
            )
            stack.resource_map.delete()
            stack.status = "ROLLBACK_COMPLETE"
            stack._add_stack_event("ROLLBACK_COMPLETE")

    return create_or_roll_back


Create = Callable[[str, Properties, str], MadeResource]
Delete = Callable[[str, Properties, str], object]


def _nothing(made: str, properties: Properties, region: str) -> None:
    """Goes with what it belongs to."""


def _made(kind: str, create: Create, name: str, properties: Properties, region: str) -> MadeResource:
    try:
        return create(name, properties, region)
    except ClientError as error:
        raise NotMade(name, kind, error) from error


def _unmake(delete: Delete, played: Any, region: str) -> None:
    if played.physical_resource_id:
        delete(played.physical_resource_id, played.properties, region)


def _type(name: str, create: Create, delete: Delete) -> type[CloudFormationModel]:
    """Make the class by which moto's CloudFormation knows a type."""

    class Played(CloudFormationModel):
        def __init__(self, made: MadeResource, properties: Properties) -> None:
            self.physical_resource_id = made.id
            self.attributes = made.attributes
            self.properties = properties

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return name

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003 - moto's signature
            return True

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return self.attributes[attribute_name]

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: Any,
            account_id: str,  # noqa: ARG003 - moto's signature
            region_name: str,
            **_: Any,
        ) -> Played:
            properties = cloudformation_json["Properties"]
            return cls(_made(name, create, resource_name, properties, region_name), properties)

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: Any,
            new_resource_name: str,
            cloudformation_json: Any,
            account_id: str,
            region_name: str,
        ) -> Any:
            if original_resource is None:
                # Its condition didn't hold; moto updates it anyway if it names a changed parameter.
                return cls(MadeResource(""), {})
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )

        def delete(self, account_id: str, region_name: str) -> None:
            _unmake(delete, self, region_name)

    return Played


# -- policies -----------------------------------------------------------------------------------


def _queue_policy(name: str, properties: Properties, region: str) -> MadeResource:
    policy = json.dumps(properties["PolicyDocument"])
    for queue in properties["Queues"]:
        Clients.of("sqs", region).set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    return MadeResource(name)


def _topic_policy(name: str, properties: Properties, region: str) -> MadeResource:
    policy = json.dumps(properties["PolicyDocument"])
    for topic in properties["Topics"]:
        Clients.of("sns", region).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )
    return MadeResource(name)


def _bucket_policy(name: str, properties: Properties, region: str) -> MadeResource:
    policy = json.dumps(properties["PolicyDocument"])
    Clients.of("s3", region).put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return MadeResource(properties["Bucket"])


def _no_bucket_policy(made: str, properties: Properties, region: str) -> None:
    s3 = Clients.of("s3", region)
    # moto deletes in any order, so the bucket may have gone first, and its policy with it.
    if made in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.delete_bucket_policy(Bucket=made)


# -- messages -----------------------------------------------------------------------------------


def _subscription(name: str, properties: Properties, region: str) -> MadeResource:
    sns = Clients.of("sns", region)
    wanted = {"RawMessageDelivery", "FilterPolicy", "RedrivePolicy"} & set(properties)
    attributes = {key: _text(properties[key]) for key in wanted}
    answer = sns.subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return MadeResource(answer["SubscriptionArn"])


def _no_subscription(made: str, properties: Properties, region: str) -> None:
    Clients.of("sns", region).unsubscribe(SubscriptionArn=made)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# -- alarms and budgets -------------------------------------------------------------------------


def _alarm(name: str, properties: Properties, region: str) -> MadeResource:
    given = _numbered({"AlarmName": name, **properties})
    given.pop("Tags", None)
    cloudwatch = Clients.of("cloudwatch", region)
    cloudwatch.put_metric_alarm(**given)
    found = cloudwatch.describe_alarms(AlarmNames=[given["AlarmName"]])["MetricAlarms"]
    return MadeResource(given["AlarmName"], {"Arn": found[0]["AlarmArn"]})


def _numbered(value: Any, name: str = "") -> Any:
    """Write numbers as numbers, which parameters of a template aren't always."""
    if isinstance(value, dict):
        return {key: _numbered(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbered(one) for one in value]
    if name in {"EvaluationPeriods", "Period", "DatapointsToAlarm"}:
        return int(value)
    return float(value) if name == "Threshold" else value


def _no_alarm(made: str, properties: Properties, region: str) -> None:
    Clients.of("cloudwatch", region).delete_alarms(AlarmNames=[made])


def _budget(name: str, properties: Properties, region: str) -> MadeResource:
    budget = {"BudgetName": name, **properties["Budget"]}
    limit = budget.get("BudgetLimit")
    if limit is not None:
        budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    given = {"AccountId": _account(region), "Budget": budget}
    if properties.get("NotificationsWithSubscribers"):
        given["NotificationsWithSubscribers"] = [
            {**one, "Notification": {**notification, "Threshold": float(notification["Threshold"])}}
            for one in properties["NotificationsWithSubscribers"]
            for notification in [one["Notification"]]
        ]
    Clients.of("budgets", region).create_budget(**given)
    return MadeResource(budget["BudgetName"])


def _no_budget(made: str, properties: Properties, region: str) -> None:
    Clients.of("budgets", region).delete_budget(AccountId=_account(region), BudgetName=made)


def _account(region: str) -> str:
    return str(Clients.of("sts", region).get_caller_identity()["Account"])


# -- logs ---------------------------------------------------------------------------------------


def _metric_filter(name: str, properties: Properties, region: str) -> MadeResource:
    Clients.of("logs", region).put_metric_filter(
        logGroupName=properties["LogGroupName"],
        filterName=properties.get("FilterName", name),
        filterPattern=properties["FilterPattern"],
        metricTransformations=[
            {key[0].lower() + key[1:]: value for key, value in one.items()}
            for one in properties["MetricTransformations"]
        ],
    )
    return MadeResource(properties.get("FilterName", name))


def _no_metric_filter(made: str, properties: Properties, region: str) -> None:
    Clients.of("logs", region).delete_metric_filter(logGroupName=properties["LogGroupName"], filterName=made)


# -- CloudFront ---------------------------------------------------------------------------------


def _distribution(name: str, properties: Properties, region: str) -> MadeResource:
    del name
    made = Clients.of("cloudfront", region).create_distribution(
        DistributionConfig=distribution_config(properties["DistributionConfig"], uuid.uuid4().hex)
    )["Distribution"]
    return MadeResource(made["Id"], {"DomainName": made["DomainName"], "Id": made["Id"]})


def _no_distribution(made: str, properties: Properties, region: str) -> None:
    cloudfront = Clients.of("cloudfront", region)
    tag = cloudfront.get_distribution(Id=made)["ETag"]
    cloudfront.delete_distribution(Id=made, IfMatch=tag)


def _access_control(name: str, properties: Properties, region: str) -> MadeResource:
    del name
    given = properties["OriginAccessControlConfig"]
    made = Clients.of("cloudfront", region).create_origin_access_control(OriginAccessControlConfig=given)
    found = made["OriginAccessControl"]["Id"]
    return MadeResource(found, {"Id": found})


def _no_access_control(made: str, properties: Properties, region: str) -> None:
    Clients.of("cloudfront", region).delete_origin_access_control(Id=made, IfMatch="any")


def _function(name: str, properties: Properties, region: str) -> MadeResource:
    given = properties.get("Name", name)
    cloudfront = Clients.of("cloudfront", region)
    made = cloudfront.create_function(
        Name=given,
        FunctionConfig=properties["FunctionConfig"],
        FunctionCode=properties["FunctionCode"].encode(),
    )
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    # moto hands only the first part of a longer attribute over.
    return MadeResource(
        arn, dict.fromkeys(("FunctionARN", "FunctionMetadata", "FunctionMetadata.FunctionARN"), arn)
    )


def _no_function(made: str, properties: Properties, region: str) -> None:
    cloudfront = Clients.of("cloudfront", region)
    name = made.rpartition("/")[2]
    tag = cloudfront.describe_function(Name=name)["ETag"]
    cloudfront.delete_function(Name=name, IfMatch=tag)


def _only_named(name: str, properties: Properties, region: str) -> MadeResource:
    """Give an id to what moto has no API for: it can be referred to, and not looked up."""
    del properties, region
    made = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    return MadeResource(made, {"Id": made})


TYPES: dict[str, tuple[Create, Delete]] = {
    "AWS::SQS::QueuePolicy": (_queue_policy, _nothing),
    "AWS::SNS::TopicPolicy": (_topic_policy, _nothing),
    "AWS::S3::BucketPolicy": (_bucket_policy, _no_bucket_policy),
    "AWS::SNS::Subscription": (_subscription, _no_subscription),
    "AWS::CloudWatch::Alarm": (_alarm, _no_alarm),
    "AWS::Budgets::Budget": (_budget, _no_budget),
    "AWS::Logs::MetricFilter": (_metric_filter, _no_metric_filter),
    "AWS::CloudFront::Distribution": (_distribution, _no_distribution),
    "AWS::CloudFront::OriginAccessControl": (_access_control, _no_access_control),
    "AWS::CloudFront::Function": (_function, _no_function),
    "AWS::CloudFront::ResponseHeadersPolicy": (_only_named, _nothing),
    "AWS::CloudFront::CachePolicy": (_only_named, _nothing),
    "AWS::CloudFront::OriginRequestPolicy": (_only_named, _nothing),
}


@contextmanager
def stacks(endpoint: str) -> Iterator[None]:
    """Let moto's CloudFormation make these types too, by asking the services at `endpoint`."""
    Clients.endpoint = endpoint
    models = {name: _type(name, create, delete) for name, (create, delete) in TYPES.items()}
    resolve = CloudFormationBackend._resolve_update_parameters

    def resolve_defaults(self: Any, instance: Any, incoming_params: list[dict[str, Any]]) -> dict[str, str]:
        # The previous value of what was never given is the default, as it will be again.
        resolved_value = [
            one
            for one in incoming_params
            if not one.get("UsePreviousValue") or one["ParameterKey"] in instance.parameters
        ]
        return resolve(self, instance, resolved_value)

    with (
        patch.dict(parsing.get_model_map(), models),
        patch.object(CloudFormationBackend, "_resolve_update_parameters", resolve_defaults),
        patch.object(Stack, "create_resources", _or_rolled_back(Stack.create_resources)),
        _change_sets(),
    ):
        yield


@contextmanager
def _change_sets() -> Iterator[None]:
    """Let change sets name what changed parameters change, and fail by themselves without any change."""
    refuse_same, create = (
        CloudFormationResponse._validate_different_update,
        CloudFormationBackend.create_change_set,
    )

    def refuse_same_update(self: Any, *arguments: Any) -> None:
        # AWS creates the change set, which then fails; moto refuses it as it refuses an update.
        if self._get_action() != "CreateChangeSet":
            refuse_same(self, *arguments)

    def create_or_fail(self: Any, *arguments: Any, **named: Any) -> tuple[str, str]:
        made: tuple[str, str] = create(self, *arguments, **named)
        change_set = self.change_sets[made[0]]
        if not change_set.changes:
            change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
            change_set.status_reason = "The submitted information didn't contain changes."
        return made

    with (
        patch.object(ChangeSet, "diff", _changed_resources),
        patch.object(CloudFormationResponse, "_validate_different_update", refuse_same_update),
        patch.object(CloudFormationBackend, "create_change_set", create_or_fail),
    ):
        yield


def _changed_resources(change_set: Any) -> list[ResourceChange]:
    """Compare parameters too, with what counts in the stack: a default that is given changes nothing."""
    stack = change_set.stack.resource_map
    # Numbers are no longer text here.
    counting = {key: str(value) for key, value in stack.resolved_parameters.items()}
    given = {key: value for key, value in change_set.parameters.items() if counting.get(key) != value}
    found = stack.build_resource_diff(change_set.template_dict, given)
    types = {**stack._resource_json_map, **change_set.template_dict["Resources"]}
    return [
        ResourceChange(action, name, types[name]["Type"]) for action, names in found.items() for name in names
    ]
