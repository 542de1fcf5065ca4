"""Builds the events that API Gateway's WebSocket API sends to Lambda.

The fields follow AWS's "Lambda proxy integrations for WebSocket APIs": only $connect has headers and a
query, and binary frames are base64-encoded.
"""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .gateway import HttpRequest, collected, header_pairs, query_pairs

STAGE = "api"
API = "local"
#: AWS's reasons for sockets that were closed without one.
NO_REASON = {
    1005: "Client-side close frame status not set",
    1006: "Connection closed abnormally",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection: its id, the request that opened it, and the time."""

    id: str
    request: HttpRequest
    connected_at: int

    @classmethod
    def from_scope(cls, scope: Any) -> Visit:
        """Build a visit with an id in API Gateway's format."""
        number = base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()
        return cls(number, HttpRequest.from_scope(scope, b""), _now_ms())

    @property
    def domain(self) -> str:
        """The host name that the client used."""
        return self.request.header(b"host") or "localhost"


def connect_event(visit: Visit) -> dict[str, Any]:
    """Build the event for a new connection."""
    last_headers, all_headers = collected(header_pairs(visit.request))
    last_query, all_query = collected(query_pairs(visit.request.query))
    event = {
        "headers": last_headers,
        "multiValueHeaders": all_headers,
        "requestContext": _context(visit, "$connect", "CONNECT"),
        "isBase64Encoded": False,
    }
    if last_query:
        event["queryStringParameters"] = last_query
        event["multiValueQueryStringParameters"] = all_query
    return event


def message_event(visit: Visit, data: str | bytes) -> dict[str, Any]:
    """Build the event for a message: text as it is, bytes as base64."""
    is_binary = isinstance(data, bytes)
    context = _context(visit, "$default", "MESSAGE")
    return {
        "requestContext": {**context, "messageId": context["requestId"]},
        "body": base64.b64encode(data).decode("ascii") if isinstance(data, bytes) else data,
        "isBase64Encoded": is_binary,
    }


def disconnect_event(visit: Visit, code: int, reason: str) -> dict[str, Any]:
    """Build the event for a connection that has ended."""
    context = _context(visit, "$disconnect", "DISCONNECT")
    address = visit.request.address
    headers = {"Host": visit.domain, "x-api-key": "", "X-Forwarded-For": address, "x-restapi": ""}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {
            **context,
            "disconnectStatusCode": code,
            "disconnectReason": reason or NO_REASON.get(code, ""),
        },
        "isBase64Encoded": False,
    }


def _context(visit: Visit, route: str, kind: str) -> dict[str, Any]:
    now = _now_ms()
    request_id = str(uuid.uuid4())
    return {
        "routeKey": route,
        "eventType": kind,
        "messageDirection": "IN",
        "connectionId": visit.id,
        "connectedAt": visit.connected_at,
        "requestId": request_id,
        "extendedRequestId": request_id,
        "requestTime": datetime.fromtimestamp(now / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": now,
        "domainName": visit.domain,
        "stage": STAGE,
        "apiId": API,
        "identity": {
            "sourceIp": visit.request.address,
            "userAgent": visit.request.header(b"user-agent"),
        },
    }


def _now_ms() -> int:
    return int(time.time() * 1000)
