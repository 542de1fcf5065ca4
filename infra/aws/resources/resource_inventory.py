"""Looks up and deletes the resources of an app, complete or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.messages import Lane
from infra.aws.account import steps
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import API, FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.aws.package.layer_versions import LayerVersions

from .chalice_record import look_up, mapping, rest_apis, websocket_apis
from .regions import has_bucket
from .stacks import Stack

Tell = Callable[[str], None]
#: API Gateway deletes one REST API every half minute, and Lambda may be busy with the previous change.
_BUSY: Final = {"TooManyRequestsException", "ResourceConflictException", "ResourceInUseException"}
_TRIES, _BETWEEN = 20, 5.0
_ROLE: Final = "iam_role"


def delete_functions(account: Account, names: Names, tell: Tell) -> None:
    """Delete everything that Chalice creates: event sources first, then functions, then roles."""
    for lane in Lane:
        _delete_mapping(account, names, lane, tell)
    _delete_rule(account, names, tell)
    for api in rest_apis(account, names):
        _gone(partial(account.client("apigateway").delete_rest_api, restApiId=api))
        tell(f"REST API {api} is deleted")
    for api in websocket_apis(account, names):
        _gone(partial(account.client("apigatewayv2").delete_api, ApiId=api))
        tell(f"WebSocket API {api} is deleted")
    for function in FUNCTIONS:
        name = names.function(function)
        if _gone(partial(account.client("lambda").delete_function, FunctionName=name)):
            tell(f"function {name} is deleted")
    for function in FUNCTIONS:
        _delete_role(account, names.role(function), tell)


def _delete_mapping(account: Account, names: Names, lane: Lane, tell: Tell) -> None:
    found = mapping(account, names, lane)
    if found is not None:
        uuid = found["UUID"]
        _gone(partial(account.client("lambda").delete_event_source_mapping, UUID=uuid))
        tell(f"the mapping of queue {names.queues[lane]} is deleted")


def _delete_rule(account: Account, names: Names, tell: Tell) -> None:
    events = account.client("events")
    try:
        targets = events.list_targets_by_rule(Rule=names.tick_rule)["Targets"]
    except ClientError as error:
        if is_gone(error):
            return
        raise
    if targets:
        events.remove_targets(Rule=names.tick_rule, Ids=[each["Id"] for each in targets])
    events.delete_rule(Name=names.tick_rule)
    tell(f"rule {names.tick_rule} is deleted")


def _delete_role(account: Account, role: str, tell: Tell) -> None:
    iam = account.client("iam")
    try:
        policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except ClientError as error:
        if is_gone(error):
            return
        raise
    for policy in policies:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    _gone(partial(iam.delete_role, RoleName=role))
    tell(f"role {role} is deleted")


def _gone(call: Callable[[], Any]) -> bool:
    """Delete a resource, with retries while AWS is busy; False when it was gone already."""
    for attempt in range(_TRIES):
        try:
            call()
        except ClientError as error:
            if is_gone(error):
                return False
            if code_of(error) not in _BUSY or attempt == _TRIES - 1:
                raise
            steps.pause(_BETWEEN)
        else:
            break
    return True


def delete_logs(account: Account, names: Names, tell: Tell) -> None:
    """Delete the log groups of the app's functions, including those that AWS created itself."""
    for name in _log_groups(account, names):
        _gone(partial(account.client("logs").delete_log_group, logGroupName=name))
        tell(f"log group {name} is deleted")


def _log_groups(account: Account, names: Names) -> list[str]:
    # Chalice and Lambda name the log group of the HTTP function differently.
    named = {f"/aws/lambda/{names.chalice_function(function)}" for function in FUNCTIONS}
    wanted = named | {names.log_group(function) for function in FUNCTIONS}
    pages = account.client("logs").get_paginator("describe_log_groups")
    found = pages.paginate(logGroupNamePrefix=names.log_group(API))
    return [
        group["logGroupName"]
        for page in found
        for group in page["logGroups"]
        if group["logGroupName"] in wanted
    ]


def unprotect(account: Account, names: Names) -> None:
    """Disable the table's deletion protection; the operator has confirmed that the app is to be deleted."""
    dynamodb = account.client("dynamodb")
    try:
        table = dynamodb.describe_table(TableName=names.table)["Table"]
    except ClientError as error:
        if is_gone(error):
            return
        raise
    if table.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=names.table, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=names.table)


def delete_strays(account: Account, names: Names, tell: Tell) -> None:
    """Delete table and buckets that no stack owns any more, such as those of an interrupted deletion."""
    if account.has_table(names.table):
        account.client("dynamodb").delete_table(TableName=names.table)
        tell(f"table {names.table} is deleted")
    for bucket in _buckets(account, names):
        _gone(partial(account.client("s3").delete_bucket, Bucket=bucket))
        tell(f"bucket {bucket} is deleted")


def _buckets(account: Account, names: Names) -> list[str]:
    own = (each(account.number) for each in (names.site_bucket, names.keep_bucket, names.files_bucket))
    return [bucket for bucket in own if has_bucket(account, bucket)]


def find(account: Account, names: Names) -> list[str]:
    """Return a line for each resource of an app in this region.

    A role whose name contains no region counts only together with a regional resource: on its own, it may
    belong to an app in another region.
    """
    entries = look_up(account, names)
    roles = [_words(entry) for entry in entries if entry["resource_type"] == _ROLE]
    regional = list(_regional(account, names, entries))
    return regional + (roles if regional or names.region == account.region else [])


def _regional(account: Account, names: Names, entries: list[dict[str, Any]]) -> Iterator[str]:
    for stack in (names.base_stack, names.front_stack):
        if Stack(account, stack).look() is not None:
            yield f"stack {stack}"
    yield from (_words(entry) for entry in entries if entry["resource_type"] != _ROLE)
    if mapping(account, names, Lane.REALTIME) is not None:
        yield f"mapping of queue {names.realtime_queue}"
    if LayerVersions(account, names).exist():
        yield f"layer {names.layer}"
    if account.has_table(names.table):
        yield f"table {names.table}"
    for bucket in _buckets(account, names):
        yield f"bucket {bucket}"
    for parameter in (names.secrets, names.vendor_secrets, names.lab_keys):
        if _has_parameter(account, parameter):
            yield f"parameter {parameter}"


def _words(entry: dict[str, Any]) -> str:
    return f"{str(entry['resource_type']).replace('_', ' ')} {_name_of(entry)}"


def _name_of(entry: dict[str, Any]) -> str:
    keys = ("role_name", "lambda_arn", "log_group_name", "rule_name", "rest_api_id", "websocket_api_id")
    return str(next((entry[key] for key in keys if key in entry), entry["name"]))


def _has_parameter(account: Account, name: str) -> bool:
    try:
        account.client("ssm").get_parameter(Name=name)
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return True
