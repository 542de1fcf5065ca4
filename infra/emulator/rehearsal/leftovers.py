"""Lists all resources through their own services, instead of relying on CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infra.emulator.process.cloud import ACCOUNT, Cloud

#: For each kind: the service, the list operation, the key of the list and that of a resource's name.
KINDS: dict[str, tuple[str, str, str, str]] = {
    "table": ("dynamodb", "list_tables", "TableNames", ""),
    "queue": ("sqs", "list_queues", "QueueUrls", ""),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "subscription": ("sns", "list_subscriptions", "Subscriptions", "Endpoint"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "layer": ("lambda", "list_layers", "Layers", "LayerName"),
    "mapping": ("lambda", "list_event_source_mappings", "EventSourceMappings", "FunctionArn"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "metric filter": ("logs", "describe_metric_filters", "metricFilters", "filterName"),
    "REST API": ("apigateway", "get_rest_apis", "items", "name"),
    "WebSocket API": ("apigatewayv2", "get_apis", "Items", "Name"),
    "rule": ("events", "list_rules", "Rules", "Name"),
    "alarm": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "parameter": ("ssm", "describe_parameters", "Parameters", "Name"),
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
}
#: Kinds whose lists are nested.
CLOUDFRONT = {
    "distribution": ("list_distributions", "DistributionList", "DomainName"),
    "edge function": ("list_functions", "FunctionList", "Name"),
    "origin access control": ("list_origin_access_controls", "OriginAccessControlList", "Name"),
}


def inventory(cloud: Cloud) -> list[tuple[str, str]]:
    """Return kind and name of every resource."""
    return sorted(_everything(cloud))


def _everything(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for kind, (service, operation, key, name) in KINDS.items():
        resources = getattr(cloud.client(service, caller="REHEARSAL"), operation)().get(key, [])
        for one in resources:
            identifier = one if not name else one[name]
            yield kind, str(identifier).rpartition("/")[2] if kind == "queue" else str(identifier)
    cloudfront = cloud.client("cloudfront", caller="REHEARSAL")
    for kind, (operation, key, name) in CLOUDFRONT.items():
        for one in getattr(cloudfront, operation)()[key].get("Items", []):
            yield kind, str(one[name])
    budgets = cloud.client("budgets", caller="REHEARSAL")
    for one in budgets.describe_budgets(AccountId=ACCOUNT).get("Budgets", []):
        yield "budget", str(one["BudgetName"])


Look = Callable[[Any], str]


def details(cloud: Cloud) -> list[str]:
    """Return a line for each resource with its important settings, as its own service reports them."""
    return [line for part in (_tables, _queues, _buckets, _compute, _front) for line in part(cloud)]


def _tables(cloud: Cloud) -> Iterator[str]:
    dynamodb = cloud.client("dynamodb", caller="REHEARSAL")
    for name in dynamodb.list_tables()["TableNames"]:
        table = dynamodb.describe_table(TableName=name)["Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        mode = table.get("BillingModeSummary", {}).get("BillingMode")
        key = table.get("SSEDescription", {}).get("Status")
        yield (
            f"table {name}: {mode}, expires by {expiry.get('AttributeName')} "
            f"({expiry['TimeToLiveStatus']}), point-in-time recovery {recovery}, encryption {key}"
        )


def _queues(cloud: Cloud) -> Iterator[str]:
    sqs = cloud.client("sqs", caller="REHEARSAL")
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield (
            f"queue {url.rpartition('/')[2]}: hidden for {attributes['VisibilityTimeout']} s, "
            f"dead letters {attributes.get('RedrivePolicy', 'go nowhere')}, "
            f"{'with' if 'Policy' in attributes else 'without'} a policy"
        )
    for one in cloud.client("sns", caller="REHEARSAL").list_subscriptions()["Subscriptions"]:
        topic = one["TopicArn"].rpartition(":")[2]
        yield f"subscription: topic {topic} to {one['Protocol']} {one['Endpoint'].rpartition(':')[2]}"


def _buckets(cloud: Cloud) -> Iterator[str]:
    s3 = cloud.client("s3", caller="REHEARSAL")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        versions = s3.get_bucket_versioning(Bucket=name).get("Status", "off")
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        encryption = rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        count = s3.list_objects_v2(Bucket=name).get("KeyCount", 0)
        private = "private" if all(block.values()) else "NOT PRIVATE"
        yield f"bucket {name}: {private}, encryption {encryption}, versions {versions}, {count} objects"


def _compute(cloud: Cloud) -> Iterator[str]:
    functions = cloud.client("lambda", caller="REHEARSAL")
    for one in functions.list_functions()["Functions"]:
        role = one["Role"].rpartition("/")[2]
        size = one["CodeSize"] / 1e6
        yield (
            f"function {one['FunctionName']}: {one['Handler']}, {one['Runtime']}, {one['MemorySize']} MB, "
            f"{one['Timeout']} s, package {size:.1f} MB, role {role}"
        )
        for alias in functions.list_aliases(FunctionName=one["FunctionName"])["Aliases"]:
            yield f"alias {one['FunctionName']}:{alias['Name']}: version {alias['FunctionVersion']}"
    for one in functions.list_event_source_mappings()["EventSourceMappings"]:
        types = ", ".join(one.get("FunctionResponseTypes") or ["none"])
        yield (
            f"mapping {one['EventSourceArn'].rpartition(':')[2]} to "
            f"{one['FunctionArn'].rpartition(':function:')[2]}: {one['State']}, FunctionResponseTypes {types}"
        )
    for one in cloud.client("events", caller="REHEARSAL").list_rules()["Rules"]:
        yield f"rule {one['Name']}: {one.get('ScheduleExpression')}, {one['State']}"


def _front(cloud: Cloud) -> Iterator[str]:
    gateway = cloud.client("apigateway", caller="REHEARSAL")
    for api in gateway.get_rest_apis()["items"]:
        count = len(gateway.get_resources(restApiId=api["id"], limit=500)["items"])
        stages = [one["stageName"] for one in gateway.get_stages(restApiId=api["id"])["item"]]
        yield f"REST API {api['name']}: {count} resources, stage {', '.join(stages)}"
    sockets = cloud.client("apigatewayv2", caller="REHEARSAL")
    for api in sockets.get_apis()["Items"]:
        routes = sorted(one["RouteKey"] for one in sockets.get_routes(ApiId=api["ApiId"])["Items"])
        yield f"WebSocket API {api['Name']}: {', '.join(routes)}"
    cloudfront = cloud.client("cloudfront", caller="REHEARSAL")
    for one in cloudfront.list_distributions()["DistributionList"].get("Items", []):
        origins = ", ".join(origin["DomainName"] for origin in one["Origins"]["Items"])
        count = one["CacheBehaviors"]["Quantity"]
        yield f"distribution {one['DomainName']}: {count} behaviours before the pages; {origins}"
