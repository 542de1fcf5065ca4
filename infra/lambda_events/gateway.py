"""Builds the REST proxy events that API Gateway sends to Lambda from HTTP requests.

The fields follow AWS's "Input format of a Lambda function for proxy integration": path variables stay
undecoded, repeated query parameters and headers are given as lists in addition to their last value, and
bodies of binary types are base64-encoded.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

from .routing import Match

#: Lambda's limit on the payload: API Gateway rejects longer requests with 413.
MAX_BODY = 6 * 1024 * 1024
STAGE = "api"
_ACCOUNT = "123456789012"
_API = "local"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as the client sent it."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    address: str
    scheme: str = "http"
    port: int = 80

    @classmethod
    def from_scope(cls, scope: Any, body: bytes) -> HttpRequest:
        """Build a request from an ASGI scope; `path` stays as the client wrote it."""
        client, server = scope.get("client"), scope.get("server")
        return cls(
            method=scope.get("method", "GET"),
            path=raw_path(scope),
            query=scope.get("query_string", b""),
            headers=tuple(scope["headers"]),
            body=body,
            address=client[0] if client else "127.0.0.1",
            scheme=scope.get("scheme", "http"),
            port=(server[1] if server else None) or 80,
        )

    def header(self, name: bytes) -> str | None:
        """Return the last value of a header (name in lower case), or None."""
        found = None
        for key, value in self.headers:
            if key == name:
                found = value
        return None if found is None else found.decode("latin-1")


def raw_path(scope: Any) -> str:
    """Return the path as the client wrote it, percent-encoded."""
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def proxy_event(request: HttpRequest, match: Match, binary_types: Collection[str]) -> dict[str, Any]:
    """Build the event for a matched route."""
    last_headers, all_headers = collected(header_pairs(request))
    last_query, all_query = collected(query_pairs(request.query))
    body, encoded = _body(request, binary_types)
    return {
        "resource": match.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": last_headers,
        "multiValueHeaders": all_headers,
        "queryStringParameters": last_query or None,
        "multiValueQueryStringParameters": all_query or None,
        "pathParameters": match.variables,
        "stageVariables": None,
        "requestContext": _context(request, match, last_headers),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _context(request: HttpRequest, match: Match, headers: dict[str, str]) -> dict[str, Any]:
    now = time.time()
    request_id = _new_id()
    return {
        "resourceId": match.resource.strip("/") or "root",
        "resourcePath": match.resource,
        "httpMethod": request.method,
        "path": f"/{STAGE}{request.path}",
        "stage": STAGE,
        "requestId": request_id,
        "extendedRequestId": request_id,
        "requestTime": _request_time(int(now)),
        "requestTimeEpoch": int(now * 1000),
        "protocol": "HTTP/1.1",
        "accountId": _ACCOUNT,
        "apiId": _API,
        "domainName": headers.get("Host", "localhost"),
        "identity": {"sourceIp": request.address, "userAgent": headers.get("User-Agent")},
    }


def _new_id() -> str:
    number = os.urandom(16).hex()
    return f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"


@lru_cache(maxsize=2)
def _request_time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def header_pairs(request: HttpRequest) -> Iterable[tuple[str, str]]:
    """Yield the headers as API Gateway spells them, with the headers that it adds."""
    forwarded = request.header(b"x-forwarded-for")
    for name, value in request.headers:
        if name != b"x-forwarded-for":
            yield _header_name(name), value.decode("latin-1")
    yield "X-Forwarded-For", f"{forwarded}, {request.address}" if forwarded else request.address
    yield "X-Forwarded-Port", str(request.port)
    yield "X-Forwarded-Proto", request.scheme


def query_pairs(query: bytes) -> Iterable[tuple[str, str]]:
    """Return the decoded parameters of a query string."""
    if not query:
        return ()
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")


def collected(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the last value of each name, and all values of each name."""
    last: dict[str, str] = {}
    every: dict[str, list[str]] = {}
    for name, value in pairs:
        last[name] = value
        every.setdefault(name, []).append(value)
    return last, every


def _body(request: HttpRequest, binary_types: Collection[str]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    content_type = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if content_type in binary_types or "*/*" in binary_types:
        return base64.b64encode(request.body).decode("ascii"), True
    return request.body.decode("utf-8", "replace"), False


@lru_cache(maxsize=512)
def _header_name(name: bytes) -> str:
    """Capitalize a header name: ASGI passes `content-type`, API Gateway `Content-Type`."""
    return "-".join(word.capitalize() for word in name.decode("latin-1").split("-"))
