"""Converts handler results and errors to HTTP responses."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.web.responses import error_page

JSON_TYPE = b"application/json"


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """Status, headers (lower-case names) and body, ready for ASGI."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)


def error_response(
    status: int, code: str, text: str, *, headers: tuple[tuple[bytes, bytes], ...] = (), as_page: bool = False
) -> ProxyResponse:
    """Build an error response of the host itself; `as_page`: as HTML, for a browser."""
    title = code.replace("_", " ").capitalize()
    page = error_page(title, text)
    if as_page:
        return ProxyResponse(
            status, ((b"content-type", b"text/html; charset=utf-8"), *headers), page.encode()
        )
    fields = {
        "status": "error",
        "error_type": title,
        "error_text": text,
        "error_code": code,
        "html": page,
    }
    return ProxyResponse(status, ((b"content-type", JSON_TYPE), *headers), json.dumps(fields).encode())


def lambda_response(result: Any) -> ProxyResponse:
    """Convert the result of a proxy integration to a response; malformed results become a 502, as on AWS."""
    if not isinstance(result, Mapping) or not isinstance(result.get("statusCode"), int):
        return _malformed()
    try:
        body = _body(result)
    except (binascii.Error, ValueError):
        return _malformed()
    return ProxyResponse(result["statusCode"], _headers(result), body)


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body") or ""
    if result.get("isBase64Encoded"):
        return base64.b64decode(body, validate=True)
    return body if isinstance(body, bytes) else str(body).encode()


def _headers(result: Mapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
    many = result.get("multiValueHeaders") or {}
    named_many = {name.lower() for name in many}
    pairs = [
        (name.lower(), value)
        for name, value in (result.get("headers") or {}).items()
        if name.lower() not in named_many
    ]
    pairs.extend((name.lower(), value) for name, values in many.items() for value in values)
    if not any(name == "content-type" for name, _ in pairs):
        pairs.append(("content-type", "application/json"))
    return tuple(
        (name.encode("latin-1"), str(value).encode("latin-1", "replace"))
        for name, value in pairs
        if name != "content-length"
    )


def _malformed() -> ProxyResponse:
    return error_response(
        502,
        "malformed_answer",
        "The handler's response is malformed; see the log of the request.",
    )
