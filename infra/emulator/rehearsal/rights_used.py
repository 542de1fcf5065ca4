"""Compares the functions' calls to AWS with their policies, both ways."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.operations.shared.settings import SettingsLike
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.policies import actions_of, calls_allowed, calls_seldom, policy
from infra.emulator.process.cloud import ACCOUNT, REGION
from infra.emulator.process.policy_denials import denied_by
from infra.emulator.process.request_names import Call

#: For each service, the parameter that names the resource, and the format of its ARN.
RESOURCES = {
    "logs": ("logGroupName", "log-group:{}:*"),
    "dynamodb": ("TableName", "table/{}"),
    "ssm": ("Name", "parameter{}"),
    "events": ("Name", "rule/{}"),
}


def beyond(calls: Iterable[Call], names: Names, settings: SettingsLike) -> list[str]:
    """Return a line for each call that the function's policy doesn't allow."""
    allowed = {
        names.function(one): (one, policy(one, names, ACCOUNT, REGION, settings=settings))
        for one in FUNCTIONS
    }
    denied = set()
    for call in calls:
        if call.caller not in allowed:
            continue
        function, document = allowed[call.caller]
        for action in actions_of(call.service, call.operation, call.parameters):
            denied |= {
                f"{function} may not {action} on {resource}"
                for resource in resources_of(call)
                if not _is_allowed(document, action, resource) or denied_by(document, call)
            }
    return sorted(denied)


def unused(calls: Iterable[Call], names: Names, settings: SettingsLike) -> list[str]:
    """Return a line for each granted action that no function used, if every whole run should use it."""
    used: dict[str, set[str]] = {names.function(one): set() for one in FUNCTIONS}
    for call in calls:
        if call.caller in used:
            used[call.caller] |= actions_of(call.service, call.operation, call.parameters)
    unused_actions = {
        one: calls_allowed(one, settings) - used[names.function(one)] - set(calls_seldom(one, settings))
        for one in FUNCTIONS
    }
    return [f"{one}: {', '.join(sorted(actions))}" for one, actions in unused_actions.items() if actions]


def _is_allowed(document: dict[str, Any], action: str, resource: str) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and action in statement["Action"]
        and _covers(statement["Resource"], resource)
        for statement in document["Statement"]
    )


def _covers(patterns: str | list[str], resource: str) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(resource, pattern) for pattern in listed)


def resources_of(call: Call) -> set[str]:
    """Return the ARNs of a call's resources."""
    return set(_resources(call))


def _resources(call: Call) -> Iterator[str]:
    parameters = call.parameters
    place = f"{REGION}:{ACCOUNT}"
    if "TransactItems" in parameters:
        for item in parameters["TransactItems"]:
            for part in item.values():
                yield f"arn:aws:dynamodb:{place}:table/{part['TableName']}"
    elif "RequestItems" in parameters:
        for table in parameters["RequestItems"]:
            yield f"arn:aws:dynamodb:{place}:table/{table}"
    elif call.service == "sqs":
        name = parameters.get("QueueName") or str(parameters.get("QueueUrl")).rpartition("/")[2]
        yield f"arn:aws:sqs:{place}:{name}"
    elif call.service == "apigatewaymanagementapi":
        method = {"PostToConnection": "POST", "DeleteConnection": "DELETE"}.get(call.operation, "GET")
        yield f"arn:aws:execute-api:{place}:anyapi/api/{method}/@connections/{parameters['connectionId']}"
    elif call.service == "s3" and "Bucket" in parameters:
        key = f"/{parameters['Key']}" if "Key" in parameters else ""
        yield f"arn:aws:s3:::{parameters['Bucket']}{key}"
    elif call.service in RESOURCES:
        parameter, form = RESOURCES[call.service]
        yield f"arn:aws:{call.service}:{place}:{form.format(parameters[parameter])}"
    else:
        yield "*"
