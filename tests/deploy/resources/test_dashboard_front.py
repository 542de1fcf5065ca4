"""The dashboard has a distribution of its own, at whose host nothing of the experiment is served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from quickjs import Context

from chalicelib.access.origin_header import ORIGIN_HEADER
from infra.aws.resources.stack_templates import fits, front_template, routes_of
from infra.emulator.services.edge import CALL, SECURITY_HEADERS_POLICY

from . import resolved
from .resolved import FRONT, PAGES, of_type
from .test_front import ALL_BUT_HOST, NEVER_KEPT, behaviour_for

DYNAMIC = (
    "/dashboard",
    "/dashboard/sign-in",
    "/dashboard/participants/1/approve",
    "/api/v1/payments/1-base/retry",
)
METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def front() -> resolved.Template:
    return resolved.front()


@pytest.fixture(scope="module")
def config(front: resolved.Template) -> dict[str, Any]:
    return config_of(front, "DashboardDistribution")


def config_of(front: resolved.Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = of_type(front, "AWS::CloudFront::Distribution")[name]["DistributionConfig"]
    return found


def answer(front: resolved.Template, function: str, uri: str) -> dict[str, Any]:
    """Return what a CloudFront function answers or requests from the bucket."""
    code = of_type(front, "AWS::CloudFront::Function")[function]["FunctionCode"]
    request = {"method": "GET", "uri": uri, "rawQuery": "", "headers": {}}
    found: dict[str, Any] = json.loads(Context().eval(CALL)(code, json.dumps({"request": request})))
    return found


@pytest.mark.parametrize("path", DYNAMIC)
def test_the_app_gets_everything_but_the_host_and_no_answer_is_cached(
    config: dict[str, Any], path: str
) -> None:
    behaviour = behaviour_for(config, path)
    assert (behaviour["TargetOriginId"], behaviour["ViewerProtocolPolicy"]) == ("api", "https-only")
    assert set(behaviour["AllowedMethods"]) == METHODS
    assert (behaviour["CachePolicyId"], behaviour["OriginRequestPolicyId"]) == (NEVER_KEPT, ALL_BUT_HOST)
    # This policy has no Content-Security-Policy, so the application's own reaches the browser.
    assert behaviour["ResponseHeadersPolicyId"] == SECURITY_HEADERS_POLICY


def test_requests_to_the_app_carry_the_secret_header(config: dict[str, Any]) -> None:
    sent = {one["Id"]: one.get("OriginCustomHeaders") for one in config["Origins"]}
    header = {"HeaderName": ORIGIN_HEADER, "HeaderValue": FRONT["OriginKey"]}
    assert sent == {"site": None, "api": [header]}


def test_the_key_is_hidden_in_descriptions_of_the_stack() -> None:
    template = resolved.loaded(front_template(routes_of(), PAGES))
    assert template["Parameters"]["OriginKey"]["NoEcho"] is True


@pytest.mark.parametrize(
    "path", ["/exp", "/participant", "/dashboards", "/api/v2/x", "/static/x.css", "/chat"]
)
def test_nothing_of_the_experiment_is_served_at_the_dashboards_host(
    front: resolved.Template, config: dict[str, Any], path: str
) -> None:
    assert behaviour_for(config, path) is config["DefaultCacheBehavior"]
    assert answer(front, "DashboardFunction", path)["statusCode"] == 404


def test_the_root_of_the_host_leads_to_the_dashboard(front: resolved.Template) -> None:
    found = answer(front, "DashboardFunction", "/")
    assert (found["statusCode"], found["headers"]["location"]["value"]) == (302, "/dashboard")


@pytest.mark.parametrize("path", [*DYNAMIC, "/dashboard-static/1f/css/dashboard.css"])
def test_participants_find_nothing_of_the_dashboard_at_their_address(
    front: resolved.Template, path: str
) -> None:
    participants = config_of(front, "Distribution")
    assert not any(fits(one["PathPattern"], path) for one in participants["CacheBehaviors"])
    assert answer(front, "PagesFunction", path)["statusCode"] == 404
