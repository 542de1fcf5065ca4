"""Adds to moto's API Gateways what a deploy needs: Swagger 2, stages that are kept, deployments as snapshots.

A deployment is a snapshot of an API's routes, and of a REST API's gateway responses. A stage serves its
deployment, even if the API changes, and nothing without one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from moto.apigateway.exceptions import DeploymentNotFoundException, StageStillActive
from moto.apigateway.models import APIGatewayBackend, RestAPI
from moto.apigatewayv2 import urls as v2_urls
from moto.apigatewayv2.exceptions import ApiNotFound
from moto.apigatewayv2.models import Stage, apigatewayv2_backends
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal import mock_random

Document = dict[str, Any]
DEPLOYMENTS = r"{0}/v2/apis/(?P<api_id>[^/]+)/deployments$"
DEPLOYMENT = r"{0}/v2/apis/(?P<api_id>[^/]+)/deployments/(?P<deployment_id>[^/]+)$"
STAGE = r"{0}/v2/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)$"
Answered = tuple[int, dict[str, str], str]
#: Stage settings that AWS's CreateDeployment keeps and moto's drops.
KEPT = ("access_log_settings", "method_settings", "tags", "tracing_enabled")


@contextmanager
def gateways() -> Iterator[None]:
    """Make moto's API Gateways accept the requests of `chalice deploy`, for the block."""
    put, import_api = APIGatewayBackend.put_rest_api, APIGatewayBackend.import_rest_api
    deploy = RestAPI.create_deployment

    def put_swagger(self: Any, function_id: str, api_doc: Document, *args: Any, **kwargs: Any) -> Any:
        api: Any = put(self, function_id, _as_openapi(api_doc), *args, **kwargs)
        # Overwriting an API removes everything that is not in its new description.
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
        # AWS has no API that returns what a deployment serves; the emulator stores it in the description.
        deployment.description = json.dumps(_snapshot(self))
        for field in KEPT if before is not None else ():
            if hasattr(before, field):
                setattr(self.stages[name], field, getattr(before, field))
        return deployment

    with ExitStack() as patches:
        patches.enter_context(patch.object(APIGatewayBackend, "put_rest_api", put_swagger))
        patches.enter_context(patch.object(APIGatewayBackend, "import_rest_api", import_swagger))
        patches.enter_context(patch.object(RestAPI, "create_deployment", deploy_and_keep))
        patches.enter_context(patch.object(RestAPI, "delete_deployment", _delete_deployment))
        own = {DEPLOYMENTS: _deployments, DEPLOYMENT: _deployment, STAGE: _stage}
        patches.enter_context(patch.dict(v2_urls.url_paths, own))
        patches.enter_context(patch.object(Stage, "to_json", _with_deployment(Stage.to_json)))
        yield


def _snapshot(api: Any) -> Document:
    """Return the snapshot that a stage with this REST API's deployment serves."""
    routes = {
        resource.get_path(): {
            method: one.method_integration.uri
            for method, one in resource.resource_methods.items()
            if one.method_integration is not None
        }
        for resource in api.resources.values()
    }
    answers = [one.to_json() for one in api.get_gateway_responses()]
    return {"routes": {path: methods for path, methods in routes.items() if methods}, "answers": answers}


def _delete_deployment(api: Any, deployment_id: str) -> Any:
    """Delete a deployment of a REST API, unless a stage serves it."""
    if deployment_id not in api.deployments:
        raise DeploymentNotFoundException
    if any(stage.deployment_id == deployment_id for stage in api.stages.values()):
        raise StageStillActive
    return api.deployments.pop(deployment_id)


def _as_openapi(document: Document) -> Document:
    """Convert Chalice's Swagger 2 to the OpenAPI 3 that moto reads."""
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
    # moto requires fields of every integration that AWS requires only of those with a target.
    written = {"uri": "", "httpMethod": "POST", **integration, "type": integration["type"].upper()}
    return {**described, "x-amazon-apigateway-integration": written}


def _api(request: Any, full_url: str) -> Any:
    """Return moto's API for a request; None when there is none."""
    region = request.headers["Authorization"].split("/")[2]
    try:
        return apigatewayv2_backends[DEFAULT_ACCOUNT_ID][region].get_api(
            urlsplit(full_url).path.split("/")[3]
        )
    except ApiNotFound:
        return None


def _refusal(status: int, kind: str, message: str) -> Answered:
    return status, {"x-amzn-errortype": kind}, json.dumps({"message": message})


def _deployments(request: Any, full_url: str, headers: Any) -> Answered:
    """Handle CreateDeployment, which creates a new one each time, and GetDeployments of a WebSocket API."""
    del headers
    api = _api(request, full_url)
    if api is None:
        return _refusal(404, "NotFoundException", "Invalid API id")
    deployments = api.__dict__.setdefault("deployments", [])
    if request.method == "GET":
        return 200, {}, json.dumps({"items": deployments})
    if not api.routes:
        return _refusal(
            400, "BadRequestException", "At least one route is required before deploying the Api."
        )
    served = {
        route.route_key: api.integrations[str(route.target).removeprefix("integrations/")].integration_uri
        for route in api.routes.values()
    }
    deployments.append(
        {
            "deploymentId": mock_random.get_random_hex(6),
            "deploymentStatus": "DEPLOYED",
            # AWS has no API that returns what a deployment serves; the emulator stores it in the description.
            "description": json.dumps(served),
        }
    )
    return 201, {}, json.dumps(deployments[-1])


def _deployment(request: Any, full_url: str, headers: Any) -> Answered:
    """Handle GetDeployment and DeleteDeployment, which refuses a deployment that a stage serves."""
    del headers
    api, deployment_id = _api(request, full_url), urlsplit(full_url).path.split("/")[5]
    deployments = [] if api is None else api.__dict__.setdefault("deployments", [])
    found = next((one for one in deployments if one["deploymentId"] == deployment_id), None)
    if found is None:
        return _refusal(404, "NotFoundException", "Invalid deployment id")
    if request.method == "GET":
        return 200, {}, json.dumps(found)
    if any(stage.config.get("deploymentId") == deployment_id for stage in api.stages.values()):
        return _refusal(400, "BadRequestException", "Active stages pointing to this deployment must be moved")
    deployments.remove(found)
    return 204, {}, ""


def _stage(request: Any, full_url: str, headers: Any) -> Answered:
    """Handle UpdateStage, which moto lacks, and leave the rest to moto."""
    if request.method != "PATCH":
        answered: Answered = ApiGatewayV2Response.dispatch(request, full_url, headers)
        return answered
    api, name = _api(request, full_url), urlsplit(full_url).path.split("/")[5]
    stage = None if api is None else api.stages.get(name)
    if stage is None:
        return _refusal(404, "NotFoundException", "Invalid stage identifier specified")
    parameters = json.loads(request.get_data() or b"{}")
    deployment_id = parameters.get("deploymentId")
    if deployment_id and deployment_id not in {
        one["deploymentId"] for one in api.__dict__.get("deployments", [])
    }:
        return _refusal(404, "NotFoundException", "Invalid deployment id")
    stage.config.update(parameters)
    for field, attribute in (
        ("defaultRouteSettings", "default_route_settings"),
        ("accessLogSettings", "access_log_settings"),
    ):
        if field in parameters:
            setattr(stage, attribute, parameters[field])
    return 200, {}, json.dumps(stage.to_json())


def _with_deployment(to_json: Callable[[Stage], Document]) -> Callable[[Stage], Document]:
    def described(stage: Stage) -> Document:
        return {**to_json(stage), "deploymentId": stage.config.get("deploymentId")}

    return described
