"""Stores Chalice's record of deployed resources in the app's bucket, and rebuilds it when it is lost.

Chalice writes its record only after a complete deploy, and finds a REST API only by its record. So the record
is marked as open before Chalice starts. A record that is open or missing is rebuilt by looking up each
resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.messages import Lane
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import API, FUNCTIONS, Names
from infra.aws.account.session import Account

SCHEMA: Final = "2.0"
API_STAGE: Final = "api"
CONSUMER, TICKER = "on_message", "on_tick"
_INTEGRATIONS: Final = ["methods"]

Entry = dict[str, Any]


class ChaliceRecord:
    """The record of one app."""

    def __init__(self, account: Account, names: Names) -> None:
        """Open the record of an app in the account."""
        self._account = account
        self._names = names
        self._s3 = account.client("s3")
        self._bucket = names.keep_bucket(account.number)
        self._key = f"chalice/deployed/{names.stage}.json"

    def fetch(self) -> list[Entry]:
        """Return the resources that Chalice has created: from the record, or looked up."""
        kept = self._read()
        if kept is not None and kept.get("complete"):
            return list(kept["resources"])
        return look_up(self._account, self._names)

    def begin(self, resources: list[Entry]) -> None:
        """Mark the record as open: from now on it may not match the resources."""
        self._write(resources, complete=False)

    def finish(self, resources: list[Entry]) -> None:
        """Store the resources that Chalice has created."""
        self._write(resources, complete=True)

    def _read(self) -> dict[str, Any] | None:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except ClientError as error:
            if is_gone(error):
                return None
            raise
        try:
            found = json.loads(body)
        except json.JSONDecodeError:
            return None
        return found if isinstance(found, dict) and "resources" in found else None

    def _write(self, resources: list[Entry], *, complete: bool) -> None:
        kept = {"complete": complete, **as_chalice_writes(resources)}
        self._s3.put_object(
            Bucket=self._bucket,
            Key=self._key,
            Body=json.dumps(kept, indent=2).encode(),
            ContentType="application/json",
        )


def as_chalice_writes(resources: list[Entry]) -> dict[str, Any]:
    """Return a record in Chalice's own form."""
    return {"resources": resources, "schema_version": SCHEMA, "backend": "api"}


def put(resources: list[Entry], folder: Path, stage: str) -> Path:
    """Write a record to where Chalice reads it in a staged folder."""
    path = folder / ".chalice" / "deployed" / f"{stage}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_chalice_writes(resources), indent=2), encoding="utf-8")
    return path


def taken(folder: Path, stage: str) -> list[Entry]:
    """Return the record that Chalice has written in a staged folder."""
    path = folder / ".chalice" / "deployed" / f"{stage}.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["resources"])


def look_up(account: Account, names: Names) -> list[Entry]:
    """Look up all resources of an app that Chalice creates by their names, in Chalice's order."""
    return [
        *_roles(account, names),
        *_functions(account, names),
        *_log_groups(account, names),
        *_mappings(account, names),
        *_rules(account, names),
        *_rest_apis(account, names),
        *_websocket_apis(account, names),
    ]


def _roles(account: Account, names: Names) -> Iterator[Entry]:
    iam = account.client("iam")
    for function in FUNCTIONS:
        name = names.role(function)
        try:
            found = iam.get_role(RoleName=name)["Role"]
        except ClientError as error:
            if not is_gone(error):
                raise
            continue
        yield {
            "name": f"{function}_role",
            "resource_type": "iam_role",
            "role_arn": found["Arn"],
            "role_name": name,
        }


def _functions(account: Account, names: Names) -> Iterator[Entry]:
    for function in FUNCTIONS:
        arn = function_arn(account, names, function)
        if arn is not None:
            yield {"name": function, "resource_type": "lambda_function", "lambda_arn": arn}


def function_arn(account: Account, names: Names, function: str) -> str | None:
    """Return the ARN of one of the app's functions; None when it doesn't exist."""
    try:
        found = account.client("lambda").get_function_configuration(FunctionName=names.function(function))
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    return str(found["FunctionArn"])


def _log_groups(account: Account, names: Names) -> Iterator[Entry]:
    logs = account.client("logs")
    for function in FUNCTIONS:
        wanted = names.log_group(function)
        found = logs.describe_log_groups(logGroupNamePrefix=wanted)["logGroups"]
        if any(group["logGroupName"] == wanted for group in found):
            yield {
                "name": f"{function}-log-group",
                "resource_type": "log_group",
                "log_group_name": wanted,
            }


def queue_arn(account: Account, names: Names, lane: Lane) -> str:
    """Return the ARN of a lane's queue, whether or not it exists."""
    identity = account.identity
    return f"arn:{identity.partition}:sqs:{account.region}:{identity.account}:{names.queues[lane]}"


def mapping(account: Account, names: Names, lane: Lane = Lane.WORK) -> Entry | None:
    """Return the event source mapping from a lane's queue to its consumer; None without one."""
    queue = queue_arn(account, names, lane)
    found = account.client("lambda").list_event_source_mappings(EventSourceArn=queue)
    for each in found["EventSourceMappings"]:
        if named_in(str(each.get("FunctionArn", ""))) == names.function(CONSUMER):
            return dict(each)
    return None


def named_in(arn: str) -> str:
    """Return the function that an ARN names, with or without an alias."""
    return arn.rpartition(":function:")[2].partition(":")[0]


def _mappings(account: Account, names: Names) -> Iterator[Entry]:
    """Find the mapping that Chalice creates, not that of `PostDeploySettings.connect_realtime`.

    The next deploy would delete a mapping in Chalice's record that no handler in `app.py` declares.
    """
    arn = function_arn(account, names, CONSUMER)
    found = None if arn is None else mapping(account, names)
    if found is not None:
        yield {
            "name": f"{CONSUMER}-sqs-event-source",
            "resource_type": "sqs_event",
            "queue_arn": found["EventSourceArn"],
            "event_uuid": found["UUID"],
            "queue": names.queue,
            "lambda_arn": arn,
        }


def _rules(account: Account, names: Names) -> Iterator[Entry]:
    try:
        account.client("events").describe_rule(Name=names.tick_rule)
    except ClientError as error:
        if is_gone(error):
            return
        raise
    yield {
        "name": f"{TICKER}-event",
        "resource_type": "cloudwatch_event",
        "rule_name": names.tick_rule,
    }


def _rest_apis(account: Account, names: Names) -> Iterator[Entry]:
    ids = rest_apis(account, names)
    for found in ids[:1]:
        host = f"{found}.execute-api.{account.region}.{_suffix(account)}"
        yield {
            "name": "rest_api",
            "resource_type": "rest_api",
            "rest_api_id": found,
            "rest_api_url": f"https://{host}/{API_STAGE}/",
        }


def rest_apis(account: Account, names: Names) -> list[str]:
    """Return the ids of the REST APIs that call the app's HTTP function.

    Chalice gives every app's API the same name and no tags, so an API is recognized by what it calls.
    """
    gateway = account.client("apigateway")
    # APIs that were deployed before aliases existed call the function itself.
    wanted = re.compile(rf":function:{re.escape(names.function(API))}(:\w+)?/invocations")
    every = (api for page in gateway.get_paginator("get_rest_apis").paginate() for api in page["items"])
    own = (str(api["id"]) for api in every if str(api.get("name", "")).startswith("petri"))
    return [api for api in own if _calls(gateway, api, wanted)]


def _calls(gateway: Any, api: str, wanted: re.Pattern[str]) -> bool:
    try:
        pages = gateway.get_paginator("get_resources").paginate(restApiId=api, embed=_INTEGRATIONS)
        for page in pages:
            for resource in page["items"]:
                for method in resource.get("resourceMethods", {}).values():
                    if wanted.search(str(method.get("methodIntegration", {}).get("uri", ""))):
                        return True
    except ClientError as error:
        if code_of(error) != "NotFoundException":
            raise
        # Deleted since it was listed.
    return False


def _websocket_apis(account: Account, names: Names) -> Iterator[Entry]:
    for found in websocket_apis(account, names)[:1]:
        host = f"{found}.execute-api.{account.region}.{_suffix(account)}"
        yield {
            "name": "websocket_api",
            "resource_type": "websocket_api",
            "websocket_api_url": f"wss://{host}/{API_STAGE}/",
            "websocket_api_id": found,
        }


def websocket_apis(account: Account, names: Names) -> list[str]:
    """Return the ids of the app's WebSocket APIs; Chalice names them after the app."""
    gateway = account.client("apigatewayv2")
    wanted = f"{names.prefix}-websocket-api"
    pages = gateway.get_paginator("get_apis").paginate()
    return [str(api["ApiId"]) for page in pages for api in page["Items"] if api["Name"] == wanted]


def _suffix(account: Account) -> str:
    return "amazonaws.com.cn" if account.identity.partition == "aws-cn" else "amazonaws.com"
