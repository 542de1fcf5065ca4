"""/api/v1: watches and manages a run; `chalicelib.api` has the table of its operations."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.app import Blueprint, Response

from chalicelib import services
from chalicelib.access.origin_header import is_from_own_host
from chalicelib.errors import BadRequest, Forbidden, NotFound
from chalicelib.operations.shared.context import ANYONE, Request
from chalicelib.web.parameters import (
    JSON,
    Parameters,
    path_of,
    query_of,
    read_json,
)
from chalicelib.web.responses import HEADERS, encode
from chalicelib.web.routing import HttpCall, endpoint, read_caller_and_body, source_address

routes = Blueprint(__name__)

METHODS: Final = ("GET", "POST", "PATCH", "DELETE")
OPENAPI: Final = "openapi.json"
NOT_MODIFIED: Final = 304
#: The names under which a local run is reached; its dashboard is at the first.
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1"})
#: What browsers say of a request that another site has caused.
_OTHER_SITES: Final = frozenset({"cross-site", "same-site"})


def read_api_request(request: Any) -> HttpCall:
    """Parse a request of the API; its body is parsed after the caller's right was checked.

    NotFound when a deployed app got it elsewhere than at the dashboard's own host.
    """
    keys = services.current().origin_keys
    if keys is not None and not is_from_own_host(request.headers, keys):
        raise NotFound("No page or route exists at this address; check the address.", code="not_found")
    caller, body = read_caller_and_body(request)
    query = query_of(request)
    identity = request.headers.get("x-request-id")
    path = request.context.get("path", request.path)
    source = source_address(request.context, request.headers)
    fingerprint = "" if identity is None else _fingerprint(request.method, path, query, body)
    return HttpCall(
        parameters=Parameters(query, path_of(request)),
        caller=caller,
        request=Request(identity, fingerprint, source, dashboard=_dashboard_of(request)),
        headers=request.headers,
        body=body,
        source=source,
        method=request.method,
    )


def _dashboard_of(request: Any) -> str:
    """Return scheme and host of the dashboard, for links that are mailed; "" if the host isn't known.

    A caller can send any Host header, so only the names and ports of this machine are taken from it.
    """
    address = services.current().dashboard_url
    if address is not None:
        parts = urlsplit(address())
        return f"{parts.scheme}://{parts.netloc}"
    name, _, port = (request.headers.get("host") or "").strip().lower().partition(":")
    is_here = name in _THIS_MACHINE and (not port or (port.isascii() and port.isdecimal()))
    return f"http://localhost{port and ':'}{port}" if is_here else ""


@endpoint(routes, "/api/v1/{resource}", METHODS, read_api_request)
def resources(call: HttpCall) -> Response:
    """List, create, or read what there is once; also the OpenAPI document."""
    # Lazy import, like those below: only callers of the API need its table.
    from chalicelib.api.api_operation import Shape

    if call.method == "GET" and call.parameters.path["resource"] == OPENAPI:
        return _document(call)
    return _answer(call, Shape.LIST)


@endpoint(routes, "/api/v1/{resource}/{id}", METHODS, read_api_request)
def resource(call: HttpCall) -> Response:
    """Read, change or delete one record."""
    from chalicelib.api.api_operation import Shape

    return _answer(call, Shape.ITEM)


@endpoint(routes, "/api/v1/{resource}/{id}/{verb}", METHODS, read_api_request)
def verb(call: HttpCall) -> Response:
    """Act on one record."""
    from chalicelib.api.api_operation import Shape

    return _answer(call, Shape.VERB)


def _refuse_other_sites(call: HttpCall) -> None:
    """Refuse pages of other sites where tokens are off, so that every client counts as the operator."""
    if call.caller.kind == ANYONE and call.headers.get("sec-fetch-site") in _OTHER_SITES:
        raise Forbidden("Pages of other sites can't use the API of a run without tokens.", code="other_site")


def _answer(call: HttpCall, shape: Any) -> Response:
    from chalicelib.api.perform import completed_request, perform_request
    from chalicelib.api.request_reader import ApiRequest

    _refuse_other_sites(call)
    asked = ApiRequest(call.parameters.path, call.parameters.values, lambda: _body(call))
    answer = completed_request(services.current(), call.run(perform_request, call.method, shape, asked))
    return _respond(call, answer.fields, has_etag=answer.has_etag)


def _document(call: HttpCall) -> Response:
    from chalicelib.api.openapi import document

    return _respond(call, document(), has_etag=True)


def _respond(call: HttpCall, answer: Mapping[str, Any], *, has_etag: bool) -> Response:
    """Respond with the answer; with 304 and no body if the caller has it already."""
    body = encode(answer)
    headers = dict(HEADERS)
    if has_etag:
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        headers["ETag"] = etag
        # The caller may store the answer, and has to ask whether it is still current.
        headers["Cache-Control"] = "private, no-cache"
        if etag in _known_etags(call.headers.get("if-none-match")):
            return Response(body="", headers=headers, status_code=NOT_MODIFIED)
    return Response(body=body, headers=headers, status_code=200)


def _known_etags(header: str | None) -> list[str]:
    return [each.strip().removeprefix("W/") for each in (header or "").split(",")]


def _body(call: HttpCall) -> Any:
    """Parse the JSON body; None without one."""
    if not call.body.strip():
        return None
    kind = (call.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise BadRequest(f"The body must be JSON: send Content-Type: {JSON}.", code="unsupported_body")
    try:
        text = call.body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The body isn't UTF-8 text.", code="bad_encoding") from error
    return read_json(text, "The body")


def _fingerprint(method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> str:
    """Return a hash of the request, without its id."""
    text = f"{method}|{path}|{sorted(query.items())}|".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text + body).hexdigest()[:24]
