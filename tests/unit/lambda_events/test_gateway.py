from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from infra.lambda_events.gateway import HttpRequest, proxy_event, raw_path
from infra.lambda_events.routing import Match
from tests.unit.local.toy import FORM, request_to

NODE = Match("/node/{node_id}", {"node_id": "7"}, frozenset({"POST"}))
BINARY = frozenset({"application/octet-stream"})


def event_of(path: str = "/node/7", **request: object) -> dict:
    return proxy_event(request_to(path, **request), NODE, BINARY)


def test_a_repeated_query_parameter_is_a_list_beside_its_last_value() -> None:
    event = event_of(query=b"a=1&a=2&b=")
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["queryStringParameters"] == {"a": "2", "b": ""}


def test_an_absent_query_is_null() -> None:
    event = event_of()
    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None


def test_query_values_are_decoded() -> None:
    event = event_of(query="who=Zo%C3%AB+B&\N{SNOWMAN}".encode())
    assert event["queryStringParameters"]["who"] == "Zoë B"


def test_path_and_its_variables_stay_undecoded() -> None:
    match = Match("/echo/{word}", {"word": "a%2Fb%20c"}, frozenset({"GET"}))
    event = proxy_event(request_to("/echo/a%2Fb%20c"), match, BINARY)
    assert event["path"] == "/echo/a%2Fb%20c"
    assert event["pathParameters"] == {"word": "a%2Fb%20c"}


def test_a_route_without_variables_has_null_path_parameters() -> None:
    event = proxy_event(request_to("/summary"), Match("/summary", None, frozenset({"GET"})), BINARY)
    assert event["pathParameters"] is None


def test_a_repeated_header_is_a_list_beside_its_last_value() -> None:
    event = event_of(headers=((b"x-tag", b"one"), (b"x-tag", b"two")))
    assert event["multiValueHeaders"]["X-Tag"] == ["one", "two"]
    assert event["headers"]["X-Tag"] == "two"


def test_the_clients_address_is_added_behind_the_forwarded_ones() -> None:
    event = event_of(headers=((b"x-forwarded-for", b"198.51.100.1"),))
    assert event["headers"]["X-Forwarded-For"] == "198.51.100.1, 192.0.2.7"
    assert event["requestContext"]["identity"]["sourceIp"] == "192.0.2.7"


def test_a_text_body_is_handed_on_as_text() -> None:
    event = event_of(method="POST", headers=((b"content-type", FORM.encode()),), body="contents=é".encode())
    assert (event["body"], event["isBase64Encoded"]) == ("contents=é", False)


def test_a_body_of_a_binary_type_is_base64() -> None:
    headers = ((b"content-type", b"application/octet-stream; charset=x"),)
    event = event_of(method="POST", headers=headers, body=b"\x00\xff")
    assert base64.b64decode(event["body"]) == b"\x00\xff"
    assert event["isBase64Encoded"] is True


def test_an_empty_body_is_null_whatever_its_type() -> None:
    event = event_of(method="POST", headers=((b"content-type", b"application/octet-stream"),))
    assert (event["body"], event["isBase64Encoded"]) == (None, False)


def test_the_request_context_names_resource_method_stage_and_request() -> None:
    context = event_of(method="POST", headers=((b"user-agent", b"Bot/1"),))["requestContext"]
    assert context["resourcePath"] == "/node/{node_id}"
    assert context["httpMethod"] == "POST"
    assert context["path"] == f"/{context['stage']}/node/7"
    assert context["protocol"] == "HTTP/1.1"
    assert context["identity"]["userAgent"] == "Bot/1"
    assert isinstance(context["requestTimeEpoch"], int)


def test_each_event_has_its_own_request_id() -> None:
    first, second = event_of(), event_of()
    assert first["requestContext"]["requestId"] != second["requestContext"]["requestId"]


def test_the_raw_path_is_preferred_to_the_decoded_one() -> None:
    assert raw_path({"raw_path": b"/echo/a%2Fb", "path": "/echo/a/b"}) == "/echo/a%2Fb"


def test_a_server_that_gives_no_raw_path_gets_the_path_encoded_again() -> None:
    assert raw_path({"path": "/echo/a b"}) == "/echo/a%20b"


def test_a_scope_becomes_a_request() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/summary",
        "raw_path": b"/summary",
        "query_string": b"a=1",
        "headers": [(b"host", b"h")],
        "client": ("192.0.2.9", 1),
        "server": ("127.0.0.1", 5000),
        "scheme": "http",
    }
    request = HttpRequest.from_scope(scope, b"")
    assert (request.address, request.port, request.query) == ("192.0.2.9", 5000, b"a=1")


@given(query=st.binary(max_size=200), body=st.binary(max_size=200), path=st.text(max_size=50))
def test_no_bytes_of_a_client_stop_the_gateway(query: bytes, body: bytes, path: str) -> None:
    request = request_to(path, method="POST", query=query, headers=((b"content-type", b"\xff"),), body=body)
    assert proxy_event(request, NODE, BINARY)["httpMethod"] == "POST"
