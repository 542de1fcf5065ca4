"""The templates' resources: private, encrypted, monitored, with limited retention."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint import ManualArgs, lint

from chalicelib.ports import MAX_QUEUE_DELAY
from chalicelib.ports.files import UNCLAIMED_FOR
from chalicelib.storage.dynamodb.dynamodb_engine import SCHEMA
from chalicelib.storage.dynamodb.item_models import MODELS
from chalicelib.storage.files.s3_files import PENDING
from chalicelib.workers.queue_consumer import MAX_DELIVERIES
from infra.aws.account.names import FUNCTIONS
from infra.aws.lifecycle.rights import NEEDED
from infra.aws.package.chalice_config import LOG_DAYS, chalice_config
from infra.aws.resources import access_logs, stack_templates
from infra.aws.resources.stack_templates import MOST_BYTES, base_template, front_template, routes_of

from . import resolved
from .resolved import ACCOUNT, NAMES, of_type

BOTH = {"base": base_template(), "front": front_template(routes_of(), resolved.PAGES)}
AS_THEY_STAND = {
    path.name: path.read_text(encoding="utf-8") for path in stack_templates.TEMPLATES.glob("*.yaml")
}
#: Chalice's resources, which no template may create.
CHALICES = ("AWS::Lambda::", "AWS::ApiGateway", "AWS::IAM::", "AWS::Events::", "AWS::Serverless::")


@pytest.fixture(scope="module")
def base() -> resolved.Template:
    return resolved.base()


@pytest.fixture(scope="module")
def front() -> resolved.Template:
    return resolved.front()


@pytest.mark.parametrize("text", [*BOTH.values(), *AS_THEY_STAND.values()], ids=[*BOTH, *AS_THEY_STAND])
def test_cfn_lint_finds_nothing(text: str) -> None:
    found = lint(text, config=ManualArgs(regions=["us-east-1", "eu-central-1"], include_checks=["I"]))
    assert [str(match) for match in found] == []


@pytest.mark.parametrize("text", BOTH.values(), ids=BOTH)
def test_a_template_is_short_enough_to_be_sent_inline(text: str) -> None:
    assert len(text.encode()) < MOST_BYTES


@pytest.mark.parametrize("text", BOTH.values(), ids=BOTH)
def test_every_parameter_is_explained_and_bounded(text: str) -> None:
    bounds = {"AllowedValues", "AllowedPattern", "MinValue"}
    parameters = resolved.loaded(text)["Parameters"].values()
    assert all(about.get("Description") and bounds & about.keys() for about in parameters)


@pytest.mark.parametrize("text", BOTH.values(), ids=BOTH)
def test_every_output_is_explained(text: str) -> None:
    assert all(about.get("Description") for about in resolved.loaded(text)["Outputs"].values())


@pytest.mark.parametrize("text", BOTH.values(), ids=BOTH)
def test_nothing_is_made_that_chalice_makes(text: str) -> None:
    types = {resource["Type"] for resource in resolved.loaded(text)["Resources"].values()}
    assert not [kind for kind in types if kind.startswith(CHALICES)]


#: The rights that CloudFormation needs to create a resource; those on budgets only with a limit.
MAKING = {
    "AWS::CloudFront::CachePolicy": "cloudfront:CreateCachePolicy",
    "AWS::CloudFront::Distribution": "cloudfront:CreateDistribution",
    "AWS::CloudFront::Function": "cloudfront:CreateFunction",
    "AWS::CloudFront::OriginAccessControl": "cloudfront:CreateOriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy": "cloudfront:CreateOriginRequestPolicy",
    "AWS::CloudFront::ResponseHeadersPolicy": "cloudfront:CreateResponseHeadersPolicy",
    "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::Logs::MetricFilter": "logs:PutMetricFilter",
    "AWS::S3::Bucket": "s3:CreateBucket",
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy",
    "AWS::SNS::Subscription": "sns:Subscribe",
    "AWS::SNS::Topic": "sns:CreateTopic",
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
}


@pytest.mark.parametrize("text", BOTH.values(), ids=BOTH)
def test_the_rights_to_make_each_resource_are_asked_for_beforehand(text: str) -> None:
    types = {resource["Type"] for resource in resolved.loaded(text)["Resources"].values()}
    asked = {f"{service}:{action}" for service, actions in NEEDED.items() for action in actions}
    assert {MAKING[kind] for kind in types - {"AWS::Budgets::Budget"}} <= asked


# -- names ------------------------------------------------------------------------------------------------


BUCKETS = {made(ACCOUNT) for made in (NAMES.site_bucket, NAMES.keep_bucket, NAMES.files_bucket)}


@pytest.mark.parametrize(
    ("kind", "key", "expected"),
    [
        ("AWS::DynamoDB::Table", "TableName", {NAMES.table}),
        ("AWS::SQS::Queue", "QueueName", {*NAMES.queues.values(), NAMES.dead_queue}),
        ("AWS::SNS::Topic", "TopicName", {NAMES.topic, NAMES.alarm_topic}),
        (
            "AWS::S3::Bucket",
            "BucketName",
            {NAMES.site_bucket(ACCOUNT), NAMES.keep_bucket(ACCOUNT), NAMES.files_bucket(ACCOUNT)},
        ),
        ("AWS::Logs::LogGroup", "LogGroupName", {NAMES.access_log_group, NAMES.log_group("api_handler")}),
    ],
)
def test_resources_of_the_base_stack_have_the_names_that_the_code_uses(
    base: resolved.Template, kind: str, key: str, expected: set[str]
) -> None:
    assert {properties[key] for properties in of_type(base, kind).values()} == expected


def test_the_budget_has_the_name_that_the_code_uses(base: resolved.Template) -> None:
    assert of_type(base, "AWS::Budgets::Budget")["Budget"]["Budget"]["BudgetName"] == NAMES.budget


@pytest.mark.parametrize("name", ["pages", "launch", "sockets"])
def test_cloudfront_functions_have_the_names_that_the_code_uses(front: resolved.Template, name: str) -> None:
    made = {properties["Name"] for properties in of_type(front, "AWS::CloudFront::Function").values()}
    assert NAMES.front_part(name) in made


def test_every_name_is_this_apps_own(base: resolved.Template, front: resolved.Template) -> None:
    named = [
        value
        for template in (base, front)
        for resource in template["Resources"].values()
        for key, value in _walk(resource.get("Properties", {}))
        if key in {"TableName", "QueueName", "TopicName", "BucketName", "LogGroupName", "Name", "AlarmName"}
        and value not in {"QueueName", "TableName", "FunctionName"}
    ]
    assert all(NAMES.prefix in value or value == NAMES.access_log_group for value in named)


def _walk(value: Any) -> Any:
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, str):
                yield key, one
            yield from _walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one)


# -- the table --------------------------------------------------------------------------------------------


def table(template: resolved.Template) -> dict[str, Any]:
    properties: dict[str, Any] = of_type(template, "AWS::DynamoDB::Table")["Table"]
    return properties


def test_the_table_has_the_keys_that_the_engine_uses(base: resolved.Template) -> None:
    assert {key: table(base)[key] for key in SCHEMA} == SCHEMA


def test_the_table_is_paid_by_request(base: resolved.Template) -> None:
    assert table(base)["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_can_be_brought_back_to_any_second(base: resolved.Template) -> None:
    assert table(base)["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_table_forgets_by_a_field_that_the_engine_stores_as_a_number(base: resolved.Template) -> None:
    name = table(base)["TimeToLiveSpecification"]["AttributeName"]
    ending = [model for model in MODELS.values() if name in model.get_attributes()]
    assert {model.get_attributes()[name].attr_type for model in ending} == {"N"}


def test_the_table_is_encrypted(base: resolved.Template) -> None:
    assert table(base)["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("asked", "made"), [("true", True), ("false", False)])
def test_the_table_is_protected_if_asked(asked: str, made: object) -> None:
    assert table(resolved.base(DeletionProtection=asked))["DeletionProtectionEnabled"] is made


@pytest.mark.parametrize("name", ["Table", "Keep"])
def test_an_update_never_throws_data_away(base: resolved.Template, name: str) -> None:
    assert base["Resources"][name]["UpdateReplacePolicy"] == "Retain"


# -- queues and topics ------------------------------------------------------------------------------------


def queues(template: resolved.Template) -> dict[str, Any]:
    return of_type(template, "AWS::SQS::Queue")


def test_every_queue_has_a_dead_letter_queue_or_is_one(base: resolved.Template) -> None:
    dead = {
        one["RedrivePolicy"]["deadLetterTargetArn"] for one in queues(base).values() if "RedrivePolicy" in one
    }
    without = {f"<{name}.Arn>" for name, one in queues(base).items() if "RedrivePolicy" not in one}
    assert without == dead


def test_every_queue_is_encrypted(base: resolved.Template) -> None:
    assert all(properties["SqsManagedSseEnabled"] is True for properties in queues(base).values())


def test_every_queue_is_polled_long(base: resolved.Template) -> None:
    assert all(properties["ReceiveMessageWaitTimeSeconds"] == 20 for properties in queues(base).values())


def test_every_queue_keeps_messages_as_long_as_it_can(base: resolved.Template) -> None:
    assert all(properties["MessageRetentionPeriod"] == 14 * 24 * 3600 for properties in queues(base).values())


CONSUMED = ("Messages", "RealtimeMessages")


@pytest.mark.parametrize("queue", CONSUMED)
def test_a_message_is_hidden_for_six_times_as_long_as_its_function_may_take(
    base: resolved.Template, queue: str
) -> None:
    functions = chalice_config(NAMES)["stages"]["live"]["lambda_functions"]
    assert queues(base)[queue]["VisibilityTimeout"] == 6 * functions["on_message"]["lambda_timeout"]


@pytest.mark.parametrize("queue", CONSUMED)
def test_deliveries_that_were_never_tried_do_not_send_a_message_to_the_dead_queue(
    base: resolved.Template, queue: str
) -> None:
    assert queues(base)[queue]["RedrivePolicy"]["maxReceiveCount"] > 50 * MAX_DELIVERIES


def test_no_service_from_outside_sends_real_time_messages(base: resolved.Template) -> None:
    assert allowed(base, "RealtimeMessagesPolicy") == []


def test_every_queue_that_has_a_consumer_has_an_alarm_on_the_age_of_its_oldest_message(
    front: resolved.Template,
) -> None:
    watched = {
        one["Dimensions"][0]["Value"]
        for one in of_type(front, "AWS::CloudWatch::Alarm").values()
        if one.get("MetricName") == "ApproximateAgeOfOldestMessage"
    }
    assert watched == set(NAMES.queues.values())


def test_the_alarm_for_real_time_messages_allows_the_longest_delay_of_sqs_and_goes_off_first(
    front: resolved.Template,
) -> None:
    alarms = of_type(front, "AWS::CloudWatch::Alarm")
    realtime, work = (alarms[f"Old{lane}Alarm"]["Threshold"] for lane in ("RealtimeMessages", "Messages"))
    assert MAX_QUEUE_DELAY.total_seconds() < realtime < work


def allowed(template: resolved.Template, policy: str) -> list[dict[str, Any]]:
    statements = template["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def test_only_mechanical_turk_publishes_reports_and_only_about_our_own(base: resolved.Template) -> None:
    (statement,) = allowed(base, "ReportsPolicy")
    assert (statement["Principal"], statement["Condition"]["StringEquals"]) == (
        {"Service": "mturk-requester.amazonaws.com"},
        {"aws:SourceAccount": ACCOUNT},
    )


def test_the_requester_may_have_an_account_of_its_own() -> None:
    (statement,) = allowed(resolved.base(MTurkAccount="999999999999"), "ReportsPolicy")
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "999999999999"}


@pytest.mark.parametrize("policy", ["MessagesPolicy", "DeadMessagesPolicy"])
def test_only_our_topic_sends_to_a_queue_from_outside(base: resolved.Template, policy: str) -> None:
    (statement,) = allowed(base, policy)
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "<Reports>"}}


def test_reports_arrive_in_the_envelope_that_the_consumer_reads(base: resolved.Template) -> None:
    subscription = of_type(base, "AWS::SNS::Subscription")["ReportsToMessages"]
    assert (subscription["Endpoint"], subscription["RawMessageDelivery"]) == ("<Messages.Arn>", False)


def test_a_report_that_cant_be_delivered_is_kept(base: resolved.Template) -> None:
    subscription = of_type(base, "AWS::SNS::Subscription")["ReportsToMessages"]
    assert subscription["RedrivePolicy"] == {"deadLetterTargetArn": "<DeadMessages.Arn>"}


POLICIES = (
    "MessagesPolicy",
    "RealtimeMessagesPolicy",
    "DeadMessagesPolicy",
    "ReportsPolicy",
    "AlarmsPolicy",
    "KeepPolicy",
)


@pytest.mark.parametrize(
    ("template", "policy"), [*(("base", one) for one in POLICIES), ("front", "SitePolicy")]
)
def test_nothing_is_reached_without_tls(template: str, policy: str) -> None:
    made = getattr(resolved, template)()["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    denied = [one for one in made if one["Effect"] == "Deny" and one["Principal"] == "*"]
    assert [one["Condition"] for one in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


@pytest.mark.parametrize(
    ("template", "policy"), [*(("base", one) for one in POLICIES), ("front", "SitePolicy")]
)
def test_nothing_is_public(template: str, policy: str) -> None:
    assert all(
        one["Principal"] != "*" and one["Condition"] for one in allowed(getattr(resolved, template)(), policy)
    )


# -- buckets ----------------------------------------------------------------------------------------------


def test_every_bucket_is_closed_to_the_public(base: resolved.Template) -> None:
    closed = [
        set(one["PublicAccessBlockConfiguration"].values())
        for one in of_type(base, "AWS::S3::Bucket").values()
    ]
    assert closed == [{True}] * 3


def test_every_bucket_is_encrypted(base: resolved.Template) -> None:
    assert all("BucketEncryption" in one for one in of_type(base, "AWS::S3::Bucket").values())


def test_the_keep_bucket_keeps_what_is_written_over_for_a_while(base: resolved.Template) -> None:
    keep = of_type(base, "AWS::S3::Bucket")["Keep"]
    rules = [
        rule for rule in keep["LifecycleConfiguration"]["Rules"] if "NoncurrentVersionExpiration" in rule
    ]
    assert (keep["VersioningConfiguration"], len(rules)) == ({"Status": "Enabled"}, 1)


def test_no_bucket_keeps_halves_of_uploads(base: resolved.Template) -> None:
    assert all(
        any("AbortIncompleteMultipartUpload" in rule for rule in one["LifecycleConfiguration"]["Rules"])
        for one in of_type(base, "AWS::S3::Bucket").values()
    )


def test_uploads_that_no_answer_refers_to_expire_and_others_never_do(base: resolved.Template) -> None:
    rules = of_type(base, "AWS::S3::Bucket")["Files"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {PENDING: UNCLAIMED_FOR.days}


def test_pages_can_post_to_the_bucket_of_uploads_and_read_nothing(base: resolved.Template) -> None:
    buckets = of_type(base, "AWS::S3::Bucket")
    assert [name for name, one in buckets.items() if "CorsConfiguration" in one] == ["Files"]
    (rule,) = buckets["Files"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]


# -- logs, alarms, spending -------------------------------------------------------------------------------


def test_every_log_has_a_retention_period(base: resolved.Template) -> None:
    assert {one["RetentionInDays"] for one in of_type(base, "AWS::Logs::LogGroup").values()} == {LOG_DAYS}


def test_errors_of_every_function_are_counted(front: resolved.Template) -> None:
    filters = of_type(front, "AWS::Logs::MetricFilter").values()
    counted = {
        one["LogGroupName"]
        for one in filters
        if any(change["MetricName"] == "Errors" for change in one["MetricTransformations"])
    }
    assert counted == {NAMES.log_group(function) for function in FUNCTIONS}


def test_errors_are_counted_where_the_alarm_looks(front: resolved.Template) -> None:
    counted = {
        (change["MetricNamespace"], change["MetricName"])
        for one in of_type(front, "AWS::Logs::MetricFilter").values()
        for change in one["MetricTransformations"]
    }
    alarms = of_type(front, "AWS::CloudWatch::Alarm").values()
    looked_at = {
        (one["Namespace"], one["MetricName"]) for one in alarms if one.get("Namespace") == NAMES.metrics
    }
    assert counted == looked_at == {(NAMES.metrics, "Errors"), (NAMES.metrics, "GatewayFailures")}


def test_only_the_apps_own_throttles_are_counted(front: resolved.Template) -> None:
    alarm = of_type(front, "AWS::CloudWatch::Alarm")["ThrottlesAlarm"]
    metrics = [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one]
    named = {dimension["Value"] for metric in metrics for dimension in metric["Dimensions"]}
    assert all(metric["Dimensions"] for metric in metrics)
    assert named <= {NAMES.table, *map(NAMES.function, FUNCTIONS)}


@pytest.mark.parametrize("alarm", ["ThrottlesAlarm", "ClockAlarm"])
def test_every_metric_of_an_alarm_is_in_its_sum(front: resolved.Template, alarm: str) -> None:
    found = of_type(front, "AWS::CloudWatch::Alarm")[alarm]["Metrics"]
    (told,) = [one for one in found if "Expression" in one]
    assert all(f"FILL({one['Id']}, 0)" in told["Expression"] for one in found if one is not told)


def test_gateway_failures_are_distinguished_from_a_wait_for_the_participant_ahead(
    front: resolved.Template,
) -> None:
    counted = of_type(front, "AWS::Logs::MetricFilter")["GatewayFailures"]
    assert counted["LogGroupName"] == NAMES.access_log_group
    for field in ("status", "refused"):
        assert f"$.{field}" in counted["FilterPattern"]
        assert field in access_logs.FIELDS
        assert field in access_logs.SOCKET_FIELDS


@pytest.mark.parametrize(
    "what",
    ["Errors", "Throttles", "GatewayFailures", "Clock", "DeadMessages", "OldMessages", "OldRealtimeMessages"],
)
def test_there_is_an_alarm(front: resolved.Template, what: str) -> None:
    assert f"{what}Alarm" in of_type(front, "AWS::CloudWatch::Alarm")


def test_every_alarm_reaches_the_topic_of_alarms(front: resolved.Template) -> None:
    topic = f"arn:aws:sns:{resolved.REGION}:{ACCOUNT}:{NAMES.alarm_topic}"
    assert all(one["AlarmActions"] == [topic] for one in of_type(front, "AWS::CloudWatch::Alarm").values())


def test_every_alarm_is_silent_while_nothing_happens(front: resolved.Template) -> None:
    alarms = of_type(front, "AWS::CloudWatch::Alarm").values()
    assert {one["TreatMissingData"] for one in alarms} == {"notBreaching"}


def test_every_alarm_has_a_description(front: resolved.Template) -> None:
    assert all(len(one["AlarmDescription"]) > 40 for one in of_type(front, "AWS::CloudWatch::Alarm").values())


def test_only_cloudwatch_publishes_alarms(base: resolved.Template) -> None:
    (statement,) = allowed(base, "AlarmsPolicy")
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_the_operator_sees_the_spend_limit_before_during_and_after(base: resolved.Template) -> None:
    told = of_type(base, "AWS::Budgets::Budget")["Budget"]["NotificationsWithSubscribers"]
    kinds = [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in told]
    assert kinds == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]


def test_without_a_limit_there_is_no_budget() -> None:
    assert not of_type(resolved.base(SpendLimit="0"), "AWS::Budgets::Budget")


@pytest.mark.parametrize("kind", ["AWS::Budgets::Budget", "AWS::SNS::Subscription"])
def test_without_an_address_no_mail_is_sent(kind: str) -> None:
    made = of_type(resolved.base(AlarmEmail=""), kind)
    assert not [one for one in made.values() if "email" in json.dumps(one).lower()]
