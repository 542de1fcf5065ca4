"""Lists the triggers of an app's functions through the services' own APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.aws.resources.chalice_record import API_STAGE, rest_apis, websocket_apis
from infra.emulator.process.cloud import Cloud
from infra.emulator.services.api_gateway import served_routes

_FUNCTION = re.compile(r":function:([^/]+)")


def triggers(cloud: Cloud, account: Account, names: Names) -> Iterator[tuple[str, str]]:
    """Yield each trigger, and its function with the alias, as in the ARN."""
    for what, arn in _arns(cloud, account, names):
        found = _FUNCTION.search(arn)
        if found is not None and found[1].startswith(names.prefix):
            yield what, found[1]


def _arns(cloud: Cloud, account: Account, names: Names) -> Iterator[tuple[str, str]]:
    functions = account.client("lambda")
    for one in functions.list_event_source_mappings()["EventSourceMappings"]:
        yield f"mapping of {one['EventSourceArn']}", one["FunctionArn"]
    events = account.client("events")
    for rule in events.list_rules()["Rules"]:
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            yield f"rule {rule['Name']}", target["Arn"]
    for topic in account.client("sns").list_subscriptions()["Subscriptions"]:
        yield f"subscription of {topic['TopicArn']}", topic["Endpoint"]
    yield from _of_rest(account, names)
    for api in websocket_apis(account, names):
        for route, uri in served_routes(cloud, api, API_STAGE).items():
            yield f"route {route} of the WebSocket API", uri
        for one in account.client("apigatewayv2").get_integrations(ApiId=api)["Items"]:
            yield f"integration {one['IntegrationId']} of the WebSocket API", one["IntegrationUri"]


def _of_rest(account: Account, names: Names) -> Iterator[tuple[str, str]]:
    gateway = account.client("apigateway")
    for api in rest_apis(account, names):
        deployment = gateway.get_stage(restApiId=api, stageName=API_STAGE)["deploymentId"]
        served = json.loads(gateway.get_deployment(restApiId=api, deploymentId=deployment)["description"])
        for path, methods in served["routes"].items():
            for method, uri in methods.items():
                yield f"{method} {path}", uri
        for one in gateway.get_authorizers(restApiId=api)["items"]:
            yield f"authorizer {one['name']}", one["authorizerUri"]


def callers(account: Account, names: Names, alias: str) -> dict[str, set[str]]:
    """Return which services may call the alias of each function, by its policy."""
    functions = account.client("lambda")
    found: dict[str, set[str]] = {}
    for function in FUNCTIONS:
        try:
            policy = functions.get_policy(FunctionName=names.function(function), Qualifier=alias)["Policy"]
        except functions.exceptions.ResourceNotFoundException:
            continue
        found[function] = {one["Principal"]["Service"] for one in json.loads(policy)["Statement"]}
    return found
