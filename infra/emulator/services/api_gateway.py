"""Emulates API Gateway's two APIs as deployed, with their resources, routes and functions."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from chalice.app import Chalice

from chalicelib.messaging.local_channels import LocalChannels
from infra.emulator.process.cloud import ACCOUNT, REGION, Cloud
from infra.lambda_events.gateway import HttpRequest, proxy_event
from infra.lambda_events.responses import ProxyResponse, lambda_response
from infra.lambda_events.routing import Routes
from infra.local.sockets import Sockets

from .functions import Function, FunctionError, Functions, Throttled

FORBIDDEN = ProxyResponse(
    403,
    ((b"content-type", b"application/json"), (b"x-amzn-errortype", b"MissingAuthenticationTokenException")),
    b'{"message":"Missing Authentication Token"}',
)
JSON = ((b"content-type", b"application/json"),)
FAILED = ProxyResponse(502, JSON, b'{"message": "Internal server error"}')
#: The gateway responses for a throttled function, and for requests above the stage's rate limit.
NO_ROOM = ProxyResponse(500, JSON, b'{"message": "Internal server error"}')
THROTTLED = ProxyResponse(429, JSON, b'{"message": "Too Many Requests"}')
#: The principal that invokes functions.
SERVICE = "apigateway.amazonaws.com"
ROUTES = ("$connect", "$default", "$disconnect")
_ARN = re.compile(r"arn:aws:lambda:[^/]+?:function:[^/]+")


class RestApi:
    """The REST API of an app: paths that aren't among its resources get 403, as at AWS."""

    def __init__(self, cloud: Cloud, functions: Functions, api_id: str, stage: str) -> None:
        gateway = cloud.client("apigateway", caller="REHEARSAL")
        self.id, self.stage = api_id, stage
        self._functions = functions
        self._binary = set(gateway.get_rest_api(restApiId=api_id).get("binaryMediaTypes", ()))
        served = _served(gateway, api_id, stage)
        self._routes = Routes({path: set(methods) for path, methods in served["routes"].items()})
        #: The function of each path and method.
        self._uris = {
            (path, method): str(uri)
            for path, methods in served["routes"].items()
            for method, uri in methods.items()
        }
        #: How many of the next requests exceed the stage's rate limit.
        self.throttles = 0
        self._gateway_responses = {one["responseType"]: _gateway_response(one) for one in served["answers"]}

    @property
    def resources(self) -> set[tuple[str, str]]:
        """Every path and method that is deployed."""
        return set(self._uris)

    def answer(self, request: HttpRequest) -> ProxyResponse:
        """Invoke the function of a request's resource; `request.path` begins below the stage."""
        if self.throttles:
            self.throttles -= 1
            return self._gateway_responses.get("THROTTLED", THROTTLED)
        match = self._routes.match(request.path)
        if match is None or request.method not in match.methods:
            return FORBIDDEN
        uri = self._uris[match.resource, request.method]
        event = proxy_event(request, match, self._binary)
        event["requestContext"] |= {
            "accountId": ACCOUNT,
            "apiId": self.id,
            "stage": self.stage,
            "domainName": f"{self.id}.execute-api.{REGION}.amazonaws.com",
        }
        try:
            response = _function(self._functions, uri).invoke(event)
        except Throttled:
            return self._gateway_responses.get("DEFAULT_5XX", NO_ROOM)
        except FunctionError:
            return self._gateway_responses.get("DEFAULT_5XX", FAILED)
        return lambda_response(self._decoded(response, request))

    def _decoded(self, response: Any, request: HttpRequest) -> Any:
        """Leave a body in base64 unless the client accepts a binary type, as API Gateway does."""
        if not isinstance(response, dict) or not response.get("isBase64Encoded"):
            return response
        accept = (request.header(b"accept") or "").partition(",")[0].partition(";")[0].strip()
        if accept in self._binary or "*/*" in self._binary:
            return response
        try:
            base64.b64decode(response["body"], validate=True)
        except (binascii.Error, ValueError):
            return {}
        return {**response, "isBase64Encoded": False}


def _gateway_response(settings: dict[str, Any]) -> ProxyResponse:
    """Return a gateway response as configured."""
    begins = "gatewayresponse.header."
    headers = [
        (name.removeprefix(begins).lower().encode(), value.strip("'").encode())
        for name, value in settings.get("responseParameters", {}).items()
        if name.startswith(begins)
    ]
    body = settings.get("responseTemplates", {}).get("application/json", "")
    return ProxyResponse(int(settings["statusCode"]), tuple(headers), body.encode())


def _served(gateway: Any, api_id: str, stage: str) -> dict[str, Any]:
    """Return what a REST API's stage serves: the snapshot of its deployment."""
    deployment = gateway.get_stage(restApiId=api_id, stageName=stage)["deploymentId"]
    served: dict[str, Any] = json.loads(
        gateway.get_deployment(restApiId=api_id, deploymentId=deployment)["description"]
    )
    return served


def _function(functions: Functions, uri: str) -> Function:
    found = _ARN.search(uri)
    if found is None:
        raise LookupError(f"{uri} names no function")
    return functions.named(found[0], caller=SERVICE)


def served_routes(cloud: Cloud, api_id: str, stage: str) -> dict[str, str]:
    """Return the routes that a WebSocket API's stage serves, with their functions; none without a stage."""
    gateway = cloud.client("apigatewayv2", caller="REHEARSAL")
    try:
        deployment = gateway.get_stage(ApiId=api_id, StageName=stage).get("DeploymentId")
        found = gateway.get_deployment(ApiId=api_id, DeploymentId=deployment or "none")
    except gateway.exceptions.NotFoundException:
        return {}
    routes: dict[str, str] = json.loads(found["Description"])
    return routes


def socket_api(
    cloud: Cloud, functions: Functions, channels: LocalChannels, api_id: str, stage: str
) -> Sockets:
    """Serve the WebSocket API of an app with the functions of its deployed routes."""
    functions_by_route = served_routes(cloud, api_id, stage)
    app = SimpleNamespace(
        websocket_api=SimpleNamespace(configure=lambda *_: None),
        websocket_handlers={key: SimpleNamespace(name=key) for key in functions_by_route},
        handler_map={
            key: _socket_handler(functions, uri, api_id, stage) for key, uri in functions_by_route.items()
        },
    )
    return Sockets(cast("Chalice", app), channels)


def _socket_handler(
    functions: Functions, uri: str, api_id: str, stage: str
) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    where = {
        "apiId": api_id,
        "stage": stage,
        "domainName": f"{api_id}.execute-api.{REGION}.amazonaws.com",
    }

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        del context
        addressed_event = {**event, "requestContext": {**event["requestContext"], **where}}
        response: dict[str, Any] = _function(functions, uri).invoke(json.loads(json.dumps(addressed_event)))
        return response

    return handle
