"""Parses a request to AWS into service, operation and parameters."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
#: Signing names whose service model has another name; by the path where two services share a name.
_MODELS = {
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "execute-api": "apigatewaymanagementapi",
    "mturk-requester": "mturk",
    "states": "stepfunctions",
}
#: Differs from a put only by a header; Petri doesn't copy within S3.
COPIES = {"CopyObject", "UploadPartCopy", "RenameObject"}
#: The maximum length of a recorded parameter's value.
MAX_VALUE_LENGTH = 4000
_RPC = re.compile(r"/service/[^/]+/operation/(\w+)")


@dataclass(frozen=True)
class Call:
    """One request: the caller's access key, the service, the operation and its parameters."""

    caller: str
    region: str
    service: str
    operation: str
    parameters: dict[str, Any]


def parse_request(
    authorization: str, target: str, method: str, path: str, query: str, body: bytes
) -> Call | None:
    """Parse a signed request; None for one that isn't signed."""
    found = _CREDENTIAL.search(authorization)
    if found is None:
        return None
    caller, region, signed_for = found.groups()
    service = _service(signed_for, path)
    operation, parameters = _operation(service, target, method, path, query, body)
    return Call(caller, region, service, operation, parameters)


def _service(signed_for: str, path: str) -> str:
    if signed_for == "apigateway" and path.startswith("/v2/"):
        return "apigatewayv2"
    if signed_for == "ses" and path.startswith("/v2/"):
        return "sesv2"
    return _MODELS.get(signed_for, signed_for)


def _operation(
    service: str, target: str, method: str, path: str, query: str, body: bytes
) -> tuple[str, dict[str, Any]]:
    if target:
        return target.rpartition(".")[2], _json(body)
    rpc = _RPC.match(path)
    if rpc:
        return rpc[1], {}
    fields = dict(parse_qsl(query, keep_blank_values=True))
    form = dict(parse_qsl(body.decode("utf-8", "replace"))) if b"Action=" in body[:4000] else {}
    action = form.pop("Action", "")
    if action:
        return action, form
    for name, matcher, names, fixed_query in _routes(service, method):
        matched = matcher.fullmatch(path.rstrip("/") or "/")
        if matched and fixed_query <= set(fields):
            values = (unquote(value) for value in matched.groups())
            return name, {**_json(body), **fields, **dict(zip(names, values, strict=True))}
    return f"{method} {path}", {}


def _json(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body) if body[:1] == b"{" else {}
    except ValueError:
        return {}
    if not isinstance(parameters, dict):
        return {}
    # Packages and templates are megabytes of text.
    short = {name: one for name, one in parameters.items() if len(str(one)) < MAX_VALUE_LENGTH}
    return (
        short
        if "TransactItems" not in parameters
        else {**short, "TransactItems": parameters["TransactItems"]}
    )


@functools.cache
def _routes(service: str, method: str) -> list[tuple[str, re.Pattern[str], list[str], set[str]]]:
    """Return the operations of a REST service with this method, the most specific first."""
    return sorted(_read_routes(service, method), key=lambda route: (-len(route[3]), len(route[2])))


def _read_routes(service: str, method: str) -> Iterator[tuple[str, re.Pattern[str], list[str], set[str]]]:
    try:
        model = Loader().load_service_model(service, "service-2")
    except (DataNotFoundError, UnknownServiceError):
        return
    for name, operation in model["operations"].items():
        if operation["http"]["method"] != method:
            continue
        path, _, query = operation["http"]["requestUri"].partition("?")
        if name in COPIES:
            continue
        if service == "s3" and not path.startswith("/{Bucket}") and path != "/":
            continue
        names = re.findall(r"\{([^}+]+)\+?\}", path)
        pattern = re.sub(r"\\\{[^}]+\\\+\\\}", "(.+)", re.escape(path.rstrip("/") or "/"))
        pattern = re.sub(r"\\\{[^}]+\\\}", "([^/]+)", pattern)
        members = model["shapes"].get(operation.get("input", {}).get("shape", ""), {})
        fixed_query = {part.partition("=")[0] for part in query.split("&") if part}
        required = {
            shape.get("locationName", member)
            for member, shape in members.get("members", {}).items()
            if shape.get("location") == "querystring" and member in members.get("required", ())
        }
        yield name, re.compile(pattern), names, fixed_query | required
