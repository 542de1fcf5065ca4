"""Socket events hold what AWS documents, and sockets and timers wake the host when they should."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from infra.lambda_events.socket_events import Visit, connect_event, disconnect_event, message_event
from infra.local import background_worker as draining
from infra.local.background_worker import BackgroundWorker

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "path": "/chat",
    "raw_path": b"/chat",
    "query_string": b"channel=talk&channel=quorum&token=a%2Bb",
    "headers": [(b"host", b"127.0.0.1:5000"), (b"user-agent", b"Tester"), (b"x-a", b"1"), (b"x-a", b"2")],
    "client": ("192.0.2.7", 1234),
    "server": ("127.0.0.1", 5000),
    "scheme": "ws",
}


@pytest.fixture
def visit() -> Visit:
    return Visit.from_scope(SCOPE)


def test_connecting_brings_every_value_of_the_query(visit: Visit) -> None:
    event = connect_event(visit)
    assert event["queryStringParameters"] == {"channel": "quorum", "token": "a+b"}
    assert event["multiValueQueryStringParameters"] == {"channel": ["talk", "quorum"], "token": ["a+b"]}


def test_connecting_brings_every_value_of_the_headers(visit: Visit) -> None:
    event = connect_event(visit)
    assert (event["headers"]["X-A"], event["multiValueHeaders"]["X-A"]) == ("2", ["1", "2"])


def test_without_a_query_there_are_no_parameters() -> None:
    event = connect_event(Visit.from_scope({**SCOPE, "query_string": b""}))
    assert "queryStringParameters" not in event


@pytest.mark.parametrize(
    ("event", "route", "kind"),
    [
        (connect_event, "$connect", "CONNECT"),
        (lambda visit: message_event(visit, "x"), "$default", "MESSAGE"),
        (lambda visit: disconnect_event(visit, 1001, ""), "$disconnect", "DISCONNECT"),
    ],
)
def test_the_context_says_what_happened_to_which_connection(
    visit: Visit, event: Any, route: str, kind: str
) -> None:
    context = event(visit)["requestContext"]
    told = {name: context[name] for name in ("routeKey", "eventType", "connectionId", "connectedAt")}
    assert told == {
        "routeKey": route,
        "eventType": kind,
        "connectionId": visit.id,
        "connectedAt": visit.connected_at,
    }


@pytest.mark.parametrize(
    "name",
    ["requestId", "extendedRequestId", "requestTime", "requestTimeEpoch", "domainName", "stage", "apiId"],
)
def test_the_context_holds_what_awss_does(visit: Visit, name: str) -> None:
    assert message_event(visit, "x")["requestContext"][name]


def test_the_context_says_whence_the_client_came(visit: Visit) -> None:
    identity = connect_event(visit)["requestContext"]["identity"]
    assert identity == {"sourceIp": "192.0.2.7", "userAgent": "Tester"}


def test_a_text_is_delivered_unchanged(visit: Visit) -> None:
    event = message_event(visit, "talk:ä")
    assert (event["body"], event["isBase64Encoded"]) == ("talk:ä", False)


def test_bytes_travel_as_base64(visit: Visit) -> None:
    event = message_event(visit, b"\x00\xff")
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\x00\xff", True)


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [(1001, "bye", "bye"), (1005, "", "Client-side close frame status not set"), (4000, "", "")],
)
def test_the_end_says_with_which_code_and_why(visit: Visit, code: int, reason: str, told: str) -> None:
    context = disconnect_event(visit, code, reason)["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, told)


def test_ids_are_of_the_kind_that_api_gateway_gives(visit: Visit) -> None:
    assert len(visit.id) == 16
    assert visit.id.endswith("=")


def test_no_two_connections_have_one_id() -> None:
    assert len({Visit.from_scope(SCOPE).id for _ in range(100)}) == 100


def test_the_host_wakes_when_a_message_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "PAUSE", 1000.0)
    looks: list[int] = []

    async def run() -> None:
        def one() -> bool:
            looks.append(1)
            if len(looks) > 1:
                woken.set()
            return False

        woken = asyncio.Event()
        drain = asyncio.create_task(BackgroundWorker(one, lambda: None, lambda: 0.01).run())
        await asyncio.wait_for(woken.wait(), 10)
        drain.cancel()

    asyncio.run(run())
    assert len(looks) >= 2
