"""CloudFront's response for a missing page is that of one machine, instead of S3's XML."""

from __future__ import annotations

import json
from typing import Any

import pytest
from quickjs import Context

from infra.aws.resources.stack_templates import MOST_CODE, front_template, routes_of
from infra.emulator.services.edge import CALL
from infra.lambda_events.responses import error_response

from .resolved import FRONT, PAGES, loaded, of_type, resolved


def code_for(pages: tuple[str, ...]) -> str:
    template = resolved(loaded(front_template(routes_of(), pages)), FRONT)
    return str(of_type(template, "AWS::CloudFront::Function")["PagesFunction"]["FunctionCode"])


def asked(uri: str, query: str = "", accept: str = "*/*", pages: tuple[str, ...] = PAGES) -> dict[str, Any]:
    request = {"method": "GET", "uri": uri, "rawQuery": query, "headers": {"accept": {"value": accept}}}
    event = {"request": request}
    found: dict[str, Any] = json.loads(Context().eval(CALL)(code_for(pages), json.dumps(event)))
    return found


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/", "/ad.html"),
        ("/ad/", "/ad.html"),
        ("/consent", "/consent.html"),
        ("/static/nope.png", "/static/nope.png"),
        ("/robots.txt", "/robots.txt"),
    ],
)
def test_a_page_and_a_file_are_requested_from_the_bucket(uri: str, key: str) -> None:
    assert asked(uri)["uri"] == key


def test_a_page_with_a_non_ascii_name_is_requested_from_the_bucket() -> None:
    assert asked("/%C3%BCbung/eins", pages=("übung/eins",))["uri"] == "/%C3%BCbung/eins.html"


@pytest.mark.parametrize("uri", ["/nope", "/ad.html", "/../x", "/%"])
def test_a_missing_page_is_404(uri: str) -> None:
    assert asked(uri)["statusCode"] == 404


def test_a_person_reads_a_page_where_there_is_none() -> None:
    answer = asked("/nope", accept="text/html,*/*")
    assert answer["headers"]["content-type"]["value"].startswith("text/html")
    assert "check it" in answer["body"]["data"]


def test_a_script_gets_the_error_format_for_a_missing_page() -> None:
    said = json.loads(asked("/nope")["body"]["data"])
    locally = json.loads(error_response(404, "not_found", said["error_text"]).body)
    assert said == locally


def test_a_missing_page_does_not_repeat_the_address() -> None:
    assert "script" not in asked("/<script>", accept="text/html")["body"]["data"]


def test_an_address_of_the_api_with_a_slash_at_its_end_is_sent_on() -> None:
    assert asked("/summary/", "a=1")["headers"]["location"]["value"] == "/summary?a=1"


@pytest.mark.parametrize("uri", ["//evil.example/", "/\\evil.example/", "/%2F%2Fevil.example/"])
def test_no_request_is_redirected_to_another_host(uri: str) -> None:
    location = asked(uri).get("headers", {}).get("location", {}).get("value", "/")
    assert not location.startswith(("//", "/\\"))


def test_more_pages_than_the_function_holds_are_requested_from_the_bucket() -> None:
    many = tuple(f"page-{number}" for number in range(MOST_CODE // len("page-100")))
    assert asked("/nope", pages=many)["uri"] == "/nope.html"
