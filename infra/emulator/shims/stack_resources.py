"""Creates the resources that moto's CloudFormation skips, through their own services' APIs."""

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
#: The access key with which CloudFormation calls the other services, for the recorder.
CALLER = "CLOUDFORMATION"


@dataclass(frozen=True)
class CreatedResource:
    """A resource that was created: the value of `Ref`, and its attributes."""

    id: str
    attributes: dict[str, str] = field(default_factory=dict)


class Clients:
    """Clients of the other services at this server, each created on first use."""

    endpoint: ClassVar[str] = ""
    _clients: ClassVar[dict[tuple[str, str, str], Any]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def of(cls, service: str, region: str) -> Any:
        with cls._guard:
            key = (cls.endpoint, service, region)
            if key not in cls._clients:
                cls._clients[key] = boto3.client(
                    service,
                    region_name=region,
                    endpoint_url=cls.endpoint,
                    aws_access_key_id=CALLER,
                    aws_secret_access_key="cloudformation",
                )
            return cls._clients[key]


class CreationRefused(Exception):
    """A service refused to create a resource."""

    def __init__(self, resource: str, kind: str, error: ClientError) -> None:
        details = error.response["Error"]
        self.resource, self.kind = resource, kind
        self.reason = (
            f'Resource handler returned message: "{details["Message"]}" (HandlerErrorCode: {details["Code"]})'
        )
        super().__init__(self.reason)


def _with_rollback(create: Callable[[Any], None]) -> Callable[[Any], None]:
    """Roll a stack back when a resource can't be created, and record the reason, as CloudFormation does."""

    def create_or_roll_back(stack: Any) -> None:
        try:
            create(stack)
        except CreationRefused as failure:
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


Create = Callable[[str, Properties, str], CreatedResource]
Delete = Callable[[str, Properties, str], object]


def _deleted_with_owner(identifier: str, properties: Properties, region: str) -> None:
    """Do nothing: the resource is deleted with the one it belongs to."""


def _create(kind: str, create: Create, name: str, properties: Properties, region: str) -> CreatedResource:
    try:
        return create(name, properties, region)
    except ClientError as error:
        raise CreationRefused(name, kind, error) from error


def _delete(delete: Delete, resource: Any, region: str) -> None:
    if resource.physical_resource_id:
        delete(resource.physical_resource_id, resource.properties, region)


def _type(name: str, create: Create, delete: Delete) -> type[CloudFormationModel]:
    """Return the class through which moto's CloudFormation handles a resource type."""

    class EmulatedResource(CloudFormationModel):
        def __init__(self, created: CreatedResource, properties: Properties) -> None:
            self.physical_resource_id = created.id
            self.attributes = created.attributes
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
        ) -> EmulatedResource:
            properties = cloudformation_json["Properties"]
            return cls(_create(name, create, resource_name, properties, region_name), properties)

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
                # Its condition didn't hold; moto updates it anyway if it refers to a changed parameter.
                return cls(CreatedResource(""), {})
            original_resource.delete(account_id, region_name)
            return cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )

        def delete(self, account_id: str, region_name: str) -> None:
            _delete(delete, self, region_name)

    return EmulatedResource


# -- policies -----------------------------------------------------------------------------------


def _queue_policy(name: str, properties: Properties, region: str) -> CreatedResource:
    policy = json.dumps(properties["PolicyDocument"])
    for queue in properties["Queues"]:
        Clients.of("sqs", region).set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    return CreatedResource(name)


def _topic_policy(name: str, properties: Properties, region: str) -> CreatedResource:
    policy = json.dumps(properties["PolicyDocument"])
    for topic in properties["Topics"]:
        Clients.of("sns", region).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy
        )
    return CreatedResource(name)


def _bucket_policy(name: str, properties: Properties, region: str) -> CreatedResource:
    policy = json.dumps(properties["PolicyDocument"])
    Clients.of("s3", region).put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return CreatedResource(properties["Bucket"])


def _delete_bucket_policy(identifier: str, properties: Properties, region: str) -> None:
    s3 = Clients.of("s3", region)
    # moto deletes in any order: the bucket may already be deleted, and its policy with it.
    if identifier in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.delete_bucket_policy(Bucket=identifier)


# -- messages -----------------------------------------------------------------------------------


def _subscription(name: str, properties: Properties, region: str) -> CreatedResource:
    sns = Clients.of("sns", region)
    names = {"RawMessageDelivery", "FilterPolicy", "RedrivePolicy"} & set(properties)
    attributes = {key: _text(properties[key]) for key in names}
    answer = sns.subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return CreatedResource(answer["SubscriptionArn"])


def _delete_subscription(identifier: str, properties: Properties, region: str) -> None:
    Clients.of("sns", region).unsubscribe(SubscriptionArn=identifier)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# -- alarms and budgets -------------------------------------------------------------------------


def _alarm(name: str, properties: Properties, region: str) -> CreatedResource:
    alarm = _with_numbers({"AlarmName": name, **properties})
    alarm.pop("Tags", None)
    cloudwatch = Clients.of("cloudwatch", region)
    cloudwatch.put_metric_alarm(**alarm)
    alarms = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"]])["MetricAlarms"]
    return CreatedResource(alarm["AlarmName"], {"Arn": alarms[0]["AlarmArn"]})


def _with_numbers(value: Any, name: str = "") -> Any:
    """Convert numbers, which may be text in a template's parameters."""
    if isinstance(value, dict):
        return {key: _with_numbers(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_numbers(one) for one in value]
    if name in {"EvaluationPeriods", "Period", "DatapointsToAlarm"}:
        return int(value)
    return float(value) if name == "Threshold" else value


def _delete_alarm(identifier: str, properties: Properties, region: str) -> None:
    Clients.of("cloudwatch", region).delete_alarms(AlarmNames=[identifier])


def _budget(name: str, properties: Properties, region: str) -> CreatedResource:
    budget = {"BudgetName": name, **properties["Budget"]}
    limit = budget.get("BudgetLimit")
    if limit is not None:
        budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    request = {"AccountId": _account(region), "Budget": budget}
    if properties.get("NotificationsWithSubscribers"):
        request["NotificationsWithSubscribers"] = [
            {**one, "Notification": {**notification, "Threshold": float(notification["Threshold"])}}
            for one in properties["NotificationsWithSubscribers"]
            for notification in [one["Notification"]]
        ]
    Clients.of("budgets", region).create_budget(**request)
    return CreatedResource(budget["BudgetName"])


def _delete_budget(identifier: str, properties: Properties, region: str) -> None:
    Clients.of("budgets", region).delete_budget(AccountId=_account(region), BudgetName=identifier)


def _account(region: str) -> str:
    return str(Clients.of("sts", region).get_caller_identity()["Account"])


# -- logs ---------------------------------------------------------------------------------------


def _metric_filter(name: str, properties: Properties, region: str) -> CreatedResource:
    Clients.of("logs", region).put_metric_filter(
        logGroupName=properties["LogGroupName"],
        filterName=properties.get("FilterName", name),
        filterPattern=properties["FilterPattern"],
        metricTransformations=[
            {key[0].lower() + key[1:]: value for key, value in one.items()}
            for one in properties["MetricTransformations"]
        ],
    )
    return CreatedResource(properties.get("FilterName", name))


def _delete_metric_filter(identifier: str, properties: Properties, region: str) -> None:
    Clients.of("logs", region).delete_metric_filter(
        logGroupName=properties["LogGroupName"], filterName=identifier
    )


# -- CloudFront ---------------------------------------------------------------------------------


def _distribution(name: str, properties: Properties, region: str) -> CreatedResource:
    del name
    distribution = Clients.of("cloudfront", region).create_distribution(
        DistributionConfig=distribution_config(properties["DistributionConfig"], uuid.uuid4().hex)
    )["Distribution"]
    return CreatedResource(
        distribution["Id"], {"DomainName": distribution["DomainName"], "Id": distribution["Id"]}
    )


def _delete_distribution(identifier: str, properties: Properties, region: str) -> None:
    cloudfront = Clients.of("cloudfront", region)
    tag = cloudfront.get_distribution(Id=identifier)["ETag"]
    cloudfront.delete_distribution(Id=identifier, IfMatch=tag)


def _access_control(name: str, properties: Properties, region: str) -> CreatedResource:
    del name
    config = properties["OriginAccessControlConfig"]
    response = Clients.of("cloudfront", region).create_origin_access_control(OriginAccessControlConfig=config)
    identifier = response["OriginAccessControl"]["Id"]
    return CreatedResource(identifier, {"Id": identifier})


def _delete_access_control(identifier: str, properties: Properties, region: str) -> None:
    Clients.of("cloudfront", region).delete_origin_access_control(Id=identifier, IfMatch="any")


def _function(name: str, properties: Properties, region: str) -> CreatedResource:
    function_name = properties.get("Name", name)
    cloudfront = Clients.of("cloudfront", region)
    response = cloudfront.create_function(
        Name=function_name,
        FunctionConfig=properties["FunctionConfig"],
        FunctionCode=properties["FunctionCode"].encode(),
    )
    arn = response["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    # moto passes only the first part of an attribute with dots.
    return CreatedResource(
        arn, dict.fromkeys(("FunctionARN", "FunctionMetadata", "FunctionMetadata.FunctionARN"), arn)
    )


def _delete_function(identifier: str, properties: Properties, region: str) -> None:
    cloudfront = Clients.of("cloudfront", region)
    name = identifier.rpartition("/")[2]
    tag = cloudfront.describe_function(Name=name)["ETag"]
    cloudfront.delete_function(Name=name, IfMatch=tag)


def _identifier_only(name: str, properties: Properties, region: str) -> CreatedResource:
    """Return only an id for a type that moto has no API for, so that other resources can refer to it."""
    del properties, region
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    return CreatedResource(identifier, {"Id": identifier})


TYPES: dict[str, tuple[Create, Delete]] = {
    "AWS::SQS::QueuePolicy": (_queue_policy, _deleted_with_owner),
    "AWS::SNS::TopicPolicy": (_topic_policy, _deleted_with_owner),
    "AWS::S3::BucketPolicy": (_bucket_policy, _delete_bucket_policy),
    "AWS::SNS::Subscription": (_subscription, _delete_subscription),
    "AWS::CloudWatch::Alarm": (_alarm, _delete_alarm),
    "AWS::Budgets::Budget": (_budget, _delete_budget),
    "AWS::Logs::MetricFilter": (_metric_filter, _delete_metric_filter),
    "AWS::CloudFront::Distribution": (_distribution, _delete_distribution),
    "AWS::CloudFront::OriginAccessControl": (_access_control, _delete_access_control),
    "AWS::CloudFront::Function": (_function, _delete_function),
    "AWS::CloudFront::ResponseHeadersPolicy": (_identifier_only, _deleted_with_owner),
    "AWS::CloudFront::CachePolicy": (_identifier_only, _deleted_with_owner),
    "AWS::CloudFront::OriginRequestPolicy": (_identifier_only, _deleted_with_owner),
}


@contextmanager
def stacks(endpoint: str) -> Iterator[None]:
    """Make moto's CloudFormation create these types too, by calling the services at `endpoint`."""
    Clients.endpoint = endpoint
    models = {name: _type(name, create, delete) for name, (create, delete) in TYPES.items()}
    resolve = CloudFormationBackend._resolve_update_parameters

    def resolve_defaults(self: Any, instance: Any, incoming_params: list[dict[str, Any]]) -> dict[str, str]:
        # The previous value of a parameter that was never set is the default, which then applies again.
        resolved_value = [
            one
            for one in incoming_params
            if not one.get("UsePreviousValue") or one["ParameterKey"] in instance.parameters
        ]
        return resolve(self, instance, resolved_value)

    with (
        patch.dict(parsing.get_model_map(), models),
        patch.object(CloudFormationBackend, "_resolve_update_parameters", resolve_defaults),
        patch.object(Stack, "create_resources", _with_rollback(Stack.create_resources)),
        _change_sets(),
    ):
        yield


@contextmanager
def _change_sets() -> Iterator[None]:
    """Make change sets list the effects of changed parameters, and fail when nothing changes."""
    refuse_same, create = (
        CloudFormationResponse._validate_different_update,
        CloudFormationBackend.create_change_set,
    )

    def refuse_same_update(self: Any, *arguments: Any) -> None:
        # AWS creates the change set, which then fails; moto refuses it as it refuses an update.
        if self._get_action() != "CreateChangeSet":
            refuse_same(self, *arguments)

    def create_or_fail(self: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
        identifiers: tuple[str, str] = create(self, *arguments, **options)
        change_set = self.change_sets[identifiers[0]]
        if not change_set.changes:
            change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
            change_set.status_reason = "The submitted information didn't contain changes."
        return identifiers

    with (
        patch.object(ChangeSet, "diff", _changed_resources),
        patch.object(CloudFormationResponse, "_validate_different_update", refuse_same_update),
        patch.object(CloudFormationBackend, "create_change_set", create_or_fail),
    ):
        yield


def _changed_resources(change_set: Any) -> list[ResourceChange]:
    """Compare parameters with the stack's resolved ones too: passing a default explicitly changes nothing."""
    stack = change_set.stack.resource_map
    # Resolved parameters may be numbers, those of a change set are text.
    current = {key: str(value) for key, value in stack.resolved_parameters.items()}
    changed = {key: value for key, value in change_set.parameters.items() if current.get(key) != value}
    differences = stack.build_resource_diff(change_set.template_dict, changed)
    types = {**stack._resource_json_map, **change_set.template_dict["Resources"]}
    return [
        ResourceChange(action, name, types[name]["Type"])
        for action, names in differences.items()
        for name in names
    ]
