"""CloudFront routes requests as on one machine, with the same headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.experiment.routes import AuthorRoute, parse_rule
from infra.aws.resources.access_logs import FIELDS, FORMAT
from infra.aws.resources.stack_templates import (
    HERE,
    MOST_BEHAVIOURS,
    MOST_BYTES,
    OWN_BEHAVIOURS,
    behaviours,
    fits,
    front_template,
    routes_of,
)
from infra.lambda_events.routing import Routes
from infra.local.sockets import PATH
from infra.local.static_pages import FOR_ALL_ORIGINS, NEVER_STORED, PAGE_POLICY, SECURITY_HEADERS
from infra.problems import OperatorProblem

from . import resolved
from .resolved import ACCOUNT, NAMES, REGION, of_type

FUNCTIONS = HERE / "functions"
#: A CloudFront function may have 10 KB.
MOST_CODE = 10_240
NEVER_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return config_of(resolved.front())


def config_of(template: resolved.Template) -> dict[str, Any]:
    made: dict[str, Any] = of_type(template, "AWS::CloudFront::Distribution")["Distribution"][
        "DistributionConfig"
    ]
    return made


def route(rule: str, *methods: str) -> AuthorRoute:
    return AuthorRoute(parse_rule(rule), methods or ("GET",), "mine", lambda: None, is_method=False)


def behaviour_for(config: dict[str, Any], address: str) -> dict[str, Any]:
    found = (one for one in config["CacheBehaviors"] if fits(one["PathPattern"], address))
    behaviour: dict[str, Any] = next(found, config["DefaultCacheBehavior"])
    return behaviour


def answers(config: dict[str, Any], method: str, address: str) -> str:
    """Return what handles a request behind CloudFront, as `locally` does for one machine."""
    behaviour = behaviour_for(config, address)
    functions = [one["FunctionARN"] for one in behaviour.get("FunctionAssociations", ())]
    if "<LaunchFunction.FunctionMetadata.FunctionARN>" in functions and method == "GET":
        file = behaviour_for(config, f"{address}.html")
        assert file["TargetOriginId"] == "site"
        assert "FunctionAssociations" not in file
        return "page"
    return {"site": "page", "api": "api"}[behaviour["TargetOriginId"]]


def locally(routes: dict[str, list[str]], pages: tuple[str, ...], method: str, address: str) -> str:
    """Return what handles a request on one machine: the API if it has the method, else the page."""
    match = Routes(routes).match(address)
    if match is not None and method in match.methods:
        return "api"
    return "page" if method == "GET" and address.lstrip("/") in pages else "nothing"


WORDS = ("story", "launch", "first", "info", "a-b", "7")
ADDRESSES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("/".join)
#: One name at one place, as API Gateway wants it.
RULES = st.tuples(st.sampled_from(WORDS), st.lists(st.sampled_from(("<x{}>", *WORDS)), max_size=2)).map(
    lambda parts: "/" + "/".join([parts[0], *(part.format(place) for place, part in enumerate(parts[1]))])
)
METHODS = st.lists(st.sampled_from(("GET", "POST")), min_size=1, unique=True)


@given(st.lists(st.tuples(RULES, METHODS), max_size=4), st.lists(ADDRESSES, max_size=4), ADDRESSES)
def test_every_request_is_answered_by_what_answers_it_on_one_machine(
    rules: list[tuple[str, list[str]]], pages: list[str], asked: str
) -> None:
    own = {parse_rule(rule).path: methods for rule, methods in rules}
    config = {
        "DefaultCacheBehavior": {"TargetOriginId": "site"},
        "CacheBehaviors": [_as_made(one) for one in behaviours(own, pages)],
    }
    for method in ("GET", "POST"):
        expected = locally(own, tuple(pages), method, f"/{asked}")
        if expected != "nothing":
            assert answers(config, method, f"/{asked}") == expected


def _as_made(behaviour: Any) -> dict[str, Any]:
    function = {"shared": "Launch", "page": "Pages"}.get(behaviour.goes_to)
    arn = f"<{function}Function.FunctionMetadata.FunctionARN>"
    return {
        "PathPattern": behaviour.pattern,
        "TargetOriginId": "api" if behaviour.goes_to in {"api", "shared"} else "site",
        **({"FunctionAssociations": [{"FunctionARN": arn}]} if function else {}),
    }


@pytest.mark.parametrize("path", routes_of())
def test_every_route_of_petri_reaches_the_api(config: dict[str, Any], path: str) -> None:
    address = re.sub(r"\{\w+\}", "7", path)
    method = next(iter(sorted(routes_of()[path], reverse=True)))
    assert answers(config, method, address) == "api"


@pytest.mark.parametrize("page", resolved.PAGES)
def test_every_page_is_served_from_the_bucket(config: dict[str, Any], page: str) -> None:
    assert answers(config, "GET", f"/{page}") == "page"


@pytest.mark.parametrize("page", ["launch", "withdraw"])
def test_a_page_and_a_route_may_share_an_address(config: dict[str, Any], page: str) -> None:
    assert [answers(config, method, f"/{page}") for method in ("GET", "POST")] == ["page", "api"]


def test_the_template_has_no_comments_and_leaves_room_for_an_authors_routes() -> None:
    text = front_template(routes_of(), resolved.PAGES)
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == []
    assert len(text.encode()) < MOST_BYTES - 3_000


def test_an_authors_own_route_reaches_the_api() -> None:
    made = config_of(with_routes(route("/double/<int:x>")))
    assert answers(made, "GET", "/double/7") == "api"


def with_routes(*own: AuthorRoute) -> resolved.Template:
    text = front_template(routes_of(own), resolved.PAGES)
    return resolved.resolved(resolved.loaded(text), resolved.FRONT)


def test_a_route_that_would_take_every_page_is_refused() -> None:
    with pytest.raises(OperatorProblem, match="begin your route with a fixed word"):
        behaviours({"/{anything}": ["GET"]})


@pytest.mark.parametrize("path", ["/chat", "/static/{name}", "/static/mine"])
def test_a_route_at_an_address_of_sockets_or_files_is_refused(path: str) -> None:
    with pytest.raises(OperatorProblem, match="rename your route"):
        behaviours({path: ["GET"]})


def test_more_addresses_than_cloudfront_tells_apart_are_refused() -> None:
    with pytest.raises(OperatorProblem, match="under one prefix"):
        front_template(routes_of([route(f"/mine{n}") for n in range(MOST_BEHAVIOURS)]))


def test_no_address_is_named_twice(config: dict[str, Any]) -> None:
    named = [one["PathPattern"] for one in config["CacheBehaviors"]]
    assert len(named) == len(set(named))


def test_the_templates_own_addresses_are_counted(config: dict[str, Any]) -> None:
    written = behaviours(routes_of(), resolved.PAGES)
    assert len(config["CacheBehaviors"]) == len(written) + OWN_BEHAVIOURS


# -- how it is asked and kept -----------------------------------------------------------------------------


def to(config: dict[str, Any], origin: str) -> list[dict[str, Any]]:
    everything = [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]
    return [one for one in everything if one["TargetOriginId"] == origin]


@pytest.mark.parametrize("origin", ["api", "sockets"])
def test_no_answer_of_an_api_is_kept(config: dict[str, Any], origin: str) -> None:
    assert {one["CachePolicyId"] for one in to(config, origin)} == {NEVER_KEPT}


def test_the_api_hears_everything_but_the_host(config: dict[str, Any]) -> None:
    assert {one["OriginRequestPolicyId"] for one in to(config, "api")} == {ALL_BUT_HOST}


def test_the_api_takes_every_method(config: dict[str, Any]) -> None:
    assert all(
        set(one["AllowedMethods"]) >= {"GET", "POST", "PUT", "PATCH", "DELETE"} for one in to(config, "api")
    )


def test_sockets_are_where_the_pages_look_for_them(config: dict[str, Any]) -> None:
    assert [one["PathPattern"] for one in to(config, "sockets")] == [PATH]


def test_the_handshake_and_its_query_are_passed_on_but_not_the_host() -> None:
    policy = of_type(resolved.front(), "AWS::CloudFront::OriginRequestPolicy")["SocketsRequest"]
    told = policy["OriginRequestPolicyConfig"]
    assert {"Sec-WebSocket-Key", "Sec-WebSocket-Version"} <= set(told["HeadersConfig"]["Headers"])
    assert "Host" not in told["HeadersConfig"]["Headers"]
    assert told["QueryStringsConfig"] == {"QueryStringBehavior": "all"}


def test_no_query_reaches_the_bucket(config: dict[str, Any]) -> None:
    policies = of_type(resolved.front(), "AWS::CloudFront::CachePolicy").values()
    kept = [one["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"] for one in policies]
    assert all(one["QueryStringsConfig"] == {"QueryStringBehavior": "none"} for one in kept)
    assert all("OriginRequestPolicyId" not in one for one in to(config, "site"))


def test_pages_and_files_are_compressed(config: dict[str, Any]) -> None:
    assert all(one["Compress"] is True for one in to(config, "site"))
    policies = of_type(resolved.front(), "AWS::CloudFront::CachePolicy").values()
    assert all(one["CachePolicyConfig"]["MinTTL"] > 0 for one in policies)


def test_only_the_distributions_read_the_bucket() -> None:
    statements = resolved.front()["Resources"]["SitePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    readers = [
        (
            one["Condition"]["StringEquals"]["aws:SourceArn"].rpartition("/")[2],
            one["Resource"].partition("/")[2],
        )
        for one in statements
        if one["Effect"] == "Allow"
    ]
    assert readers == [
        ("<Distribution>", "*"),
        ("<Distribution>", ""),
        ("<DashboardDistribution>", "dashboard-static/*"),
    ]


def test_the_bucket_is_asked_with_a_signature(config: dict[str, Any]) -> None:
    (site,) = [one for one in config["Origins"] if one["Id"] == "site"]
    assert site["OriginAccessControlId"] == "<SiteAccess>"


def test_the_apis_are_asked_over_tls_only(config: dict[str, Any]) -> None:
    custom = [one["CustomOriginConfig"] for one in config["Origins"] if one["Id"] != "site"]
    assert {one["OriginProtocolPolicy"] for one in custom} == {"https-only"}


def test_the_rest_api_is_found_at_its_stage(config: dict[str, Any]) -> None:
    (api,) = [one for one in config["Origins"] if one["Id"] == "api"]
    assert api["DomainName"] + api["OriginPath"] == "rest123.execute-api.eu-central-1.amazonaws.com/api"


def test_browsers_may_use_every_newer_version_of_http(config: dict[str, Any]) -> None:
    assert (config["HttpVersion"], config["IPV6Enabled"]) == ("http2and3", True)


def test_no_error_of_the_api_is_replaced_by_a_page(config: dict[str, Any]) -> None:
    assert "CustomErrorResponses" not in config


# -- headers of responses ----------------------------------------------------------------------------------


def headers_policies() -> dict[str, Any]:
    policies = of_type(resolved.front(), "AWS::CloudFront::ResponseHeadersPolicy")
    return {name: one["ResponseHeadersPolicyConfig"] for name, one in policies.items()}


@pytest.mark.parametrize("name", ["FreshHeaders", "FilesHeaders"])
def test_browsers_get_the_same_policy_as_on_one_machine(name: str) -> None:
    told = headers_policies()[name]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    # Pages of a deployed app send uploads to its bucket; on one machine, to the server itself.
    bucket = (
        f" https://{NAMES.files_bucket(ACCOUNT)}.s3.{REGION}.amazonaws.com" if name == "FreshHeaders" else ""
    )
    policy = PAGE_POLICY[1].decode().replace("connect-src 'self'", f"connect-src 'self'{bucket}")
    assert told["ContentSecurityPolicy"] == policy


@pytest.mark.parametrize("name", ["FreshHeaders", "FilesHeaders"])
def test_browsers_get_the_same_security_headers_as_on_one_machine(name: str) -> None:
    told = headers_policies()[name]["SecurityHeadersConfig"]
    said = {
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": told["ReferrerPolicy"]["ReferrerPolicy"].encode(),
    }
    assert told.keys() - {"ContentSecurityPolicy", "StrictTransportSecurity"} == {
        "ContentTypeOptions",
        "ReferrerPolicy",
    }
    assert said == dict(SECURITY_HEADERS)


def test_a_frame_without_an_origin_can_load_static_files_and_no_answers_of_the_api() -> None:
    policies = headers_policies()
    allowed = policies["FilesHeaders"]["CorsConfig"]
    assert allowed["AccessControlAllowOrigins"]["Items"] == [FOR_ALL_ORIGINS[1].decode()]
    assert not allowed["AccessControlAllowCredentials"]
    assert "CorsConfig" not in policies["FreshHeaders"]


def test_browsers_keep_no_page_and_no_answer(config: dict[str, Any]) -> None:
    (header,) = headers_policies()["FreshHeaders"]["CustomHeadersConfig"]["Items"]
    assert (header["Header"].encode(), header["Value"].encode()) == NEVER_STORED
    fresh = [config["DefaultCacheBehavior"], *to(config, "api")]
    assert {one["ResponseHeadersPolicyId"] for one in fresh} == {"<FreshHeaders>"}


# -- what is not written down -----------------------------------------------------------------------------


def test_cloudfront_writes_no_log(config: dict[str, Any]) -> None:
    assert "Logging" not in config


@pytest.mark.parametrize(
    "telling",
    ["path", "queryString", "body", "header", "sourceIp", "identity", "userAgent", "authorizer", "domain"],
)
def test_a_line_of_the_access_log_tells_nothing_about_who_asks(telling: str) -> None:
    variables = {word for value in FIELDS.values() for word in value.split(".")}
    assert telling not in variables


def test_the_access_log_tells_route_end_and_time() -> None:
    assert {"$context.resourcePath", "$context.status", "$context.responseLatency"} <= set(FIELDS.values())


def test_the_access_log_has_the_id_that_api_gateway_insists_on() -> None:
    assert "$context.extendedRequestId" in FORMAT


# -- the code at the edges --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.js")), ids=lambda path: path.name)
def test_a_function_of_cloudfront_is_short_enough(path: Path) -> None:
    assert len(path.read_bytes()) < MOST_CODE


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.js")), ids=lambda path: path.name)
def test_the_template_contains_each_functions_code(path: Path) -> None:
    template = resolved.resolved(resolved.loaded(front_template(routes_of())), resolved.FRONT)
    codes = [one["FunctionCode"] for one in of_type(template, "AWS::CloudFront::Function").values()]
    assert path.read_text(encoding="utf-8") in codes


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.js")), ids=lambda path: path.name)
def test_a_function_of_cloudfront_logs_nothing(path: Path) -> None:
    assert "console" not in path.read_text(encoding="utf-8")
