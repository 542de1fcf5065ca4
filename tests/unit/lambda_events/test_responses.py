from __future__ import annotations

import base64
import json

import pytest

from infra.lambda_events.responses import error_response, lambda_response


def test_several_values_of_a_header_become_several_lines() -> None:
    answer = lambda_response(
        {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": ""}
    )
    assert [value for name, value in answer.headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_a_header_given_both_ways_is_sent_once() -> None:
    answer = lambda_response(
        {"statusCode": 200, "headers": {"X-A": "1"}, "multiValueHeaders": {"x-a": ["2"]}, "body": ""}
    )
    assert [value for name, value in answer.headers if name == b"x-a"] == [b"2"]


def test_a_base64_body_is_decoded() -> None:
    body = base64.b64encode(b"\x89PNG").decode()
    assert lambda_response({"statusCode": 200, "body": body, "isBase64Encoded": True}).body == b"\x89PNG"


def test_an_answer_without_a_type_is_json() -> None:
    assert lambda_response({"statusCode": 200, "body": "{}"}).header(b"content-type") == b"application/json"


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        {"body": "no status"},
        {"statusCode": "200"},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
    ],
)
def test_a_malformed_result_is_a_502(result: object) -> None:
    assert lambda_response(result).status == 502


def test_a_refusal_has_the_fields_of_every_error() -> None:
    fields = json.loads(error_response(404, "not_found", "There is nothing here.").body)
    assert set(fields) == {"status", "error_type", "error_text", "error_code", "html"}


def test_markup_in_a_refusal_is_escaped() -> None:
    assert b"<script>" not in error_response(404, "not_found", "<script>", as_page=True).body


def test_the_page_of_an_error_has_the_style_of_all_pages() -> None:
    page = error_response(404, "not_found", "Nothing here.", as_page=True).body.decode()
    assert '<link rel="stylesheet" href="/static/css/petri.css">' in page
    assert 'lang="en"' in page
    assert "<h1>Not found</h1><p>Nothing here.</p>" in page
