"""What moto's API Gateways lack for `chalice deploy`: Swagger 2, WebSocket deployments, kept stages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from moto.apigateway.models import APIGatewayBackend, RestAPI
from moto.apigatewayv2 import urls as v2_urls
from moto.apigatewayv2.exceptions import ApiNotFound
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal import mock_random

Document = dict[str, Any]
DEPLOYMENTS = r"{0}/v2/apis/(?P<api_id>[^/]+)/deployments$"
#: What AWS's CreateDeployment leaves alone, and moto's forgets.
KEPT = ("access_log_settings", "method_settings", "tags", "tracing_enabled")


@contextmanager
def gateways() -> Iterator[None]:
    """Let moto's API Gateways take what `chalice deploy` sends, while the block lasts."""
    put, import_api = APIGatewayBackend.put_rest_api, APIGatewayBackend.import_rest_api
    deploy = RestAPI.create_deployment

    def put_swagger(self: Any, function_id: str, api_doc: Document, *args: Any, **kwargs: Any) -> Any:
        api: Any = put(self, function_id, _as_openapi(api_doc), *args, **kwargs)
        # Writing an API over leaves nothing that its new description doesn't name.
        api.gateway_responses = {}
        api.binary_media_types = api_doc.get("x-amazon-apigateway-binary-media-types", [])
        return api

    def import_swagger(self: Any, api_doc: Document, fail_on_warnings: bool) -> Any:
        api: Any = import_api(self, _as_openapi(api_doc), fail_on_warnings)
        api.binary_media_types = api_doc.get("x-amazon-apigateway-binary-media-types", [])
        return api

    def deploy_and_keep(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.stages.get(name)
        deployment = deploy(self, name, *args, **kwargs)
        for field in KEPT if before is not None else ():
            if hasattr(before, field):
                setattr(self.stages[name], field, getattr(before, field))
        return deployment

    with ExitStack() as patches:
        patches.enter_context(patch.object(APIGatewayBackend, "put_rest_api", put_swagger))
        patches.enter_context(patch.object(APIGatewayBackend, "import_rest_api", import_swagger))
        patches.enter_context(patch.object(RestAPI, "create_deployment", deploy_and_keep))
        patches.enter_context(patch.dict(v2_urls.url_paths, {DEPLOYMENTS: _deployments}))
        yield


def _as_openapi(document: Document) -> Document:
    """Write Chalice's Swagger 2 as the OpenAPI 3 that moto reads."""
    if "swagger" not in document:
        return document
    paths = {
        path: {method: _method(described) for method, described in methods.items()}
        for path, methods in document["paths"].items()
    }
    described = {"description": "", **document["info"]}
    return {"openapi": "3.0.0", "info": described, "paths": paths}


def _method(described: Document) -> Document:
    integration = described["x-amazon-apigateway-integration"]
    # moto asks every integration for what AWS asks only those for that call something.
    written = {"uri": "", "httpMethod": "POST", **integration, "type": integration["type"].upper()}
    return {**described, "x-amazon-apigateway-integration": written}


def _deployments(request: Any, full_url: str, headers: Any) -> tuple[int, dict[str, str], str]:
    """Answer CreateDeployment and GetDeployments of a WebSocket API, which AWS makes a new one each time."""
    del headers
    api_id = urlsplit(full_url).path.split("/")[3]
    region = request.headers["Authorization"].split("/")[2]
    backend = apigatewayv2_backends[DEFAULT_ACCOUNT_ID][region]
    try:
        api = backend.get_api(api_id)
    except ApiNotFound:
        return 404, {"x-amzn-errortype": "NotFoundException"}, json.dumps({"message": "Invalid API id"})
    made = api.__dict__.setdefault("deployments", [])
    if request.method == "GET":
        return 200, {}, json.dumps({"items": made})
    if not api.routes:
        error = {"message": "At least one route is required before deploying the Api."}
        return 400, {"x-amzn-errortype": "BadRequestException"}, json.dumps(error)
    made.append({"deploymentId": mock_random.get_random_hex(6), "deploymentStatus": "DEPLOYED"})
    return 201, {}, json.dumps(made[-1])
