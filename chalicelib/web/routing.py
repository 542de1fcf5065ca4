"""Declares routes: `@endpoint(routes, "/node/{node_id}/infos")` decorates a view.

The decorator parses the request, authenticates the caller, serializes responses and errors, and logs one
line. Chalice's HTTP middleware never sees a view's exception, so the decorator wraps the view itself.
"""

from __future__ import annotations

import functools
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import services
from chalicelib.errors import (
    ConfigError,
    ExperimentError,
    Forbidden,
    PetriError,
    TooLarge,
    Unauthorized,
    UnsupportedMedia,
)
from chalicelib.experiment.routes import parse_rule
from chalicelib.immutable import immutable
from chalicelib.invocation import within
from chalicelib.operations.shared.context import (
    ANONYMOUS,
    ANYONE,
    OPERATOR,
    PARTICIPANT,
    Caller,
    Request,
    caller_of,
)
from chalicelib.operations.shared.tokens import LAB_PREFIX, USER_PREFIX

from .pagination import page_of
from .parameters import MAX_ANONYMOUS_BODY, Parameters
from .request_log import log_request
from .responses import encode, error_response, json_response, succeeded, written

#: The accepted types of bodies; the body is parsed by its own type.
CONTENT_TYPES = ["*/*"]
RouteShape = tuple[str | None, ...]
_THIS_MACHINE = frozenset({"127.0.0.1", "::1"})
#: The first byte of a gzip stream; the second may be corrupted in transit.
_GZIP = b"\x1f"


@immutable()
class HttpCall:
    """One request, as its view receives it."""

    parameters: Parameters
    caller: Caller
    request: Request
    headers: Any
    #: The raw body, for senders that sign it.
    body: bytes = b""
    #: The client's network address; it is never stored or logged.
    source: str = ""
    method: str = "GET"

    def run(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run an operation for this caller and request."""
        return services.current().run(operation, *args, caller=self.caller, request=self.request, **kwargs)


View = Callable[[HttpCall], dict[str, Any] | Response]
Reader = Callable[[Any], HttpCall]


def endpoint(
    routes: Blueprint, path: str, methods: Sequence[str] = ("GET",), read: Reader | None = None
) -> Callable[[View], View]:
    """Register a view for a path; it takes an HttpCall and returns fields or a whole Response.

    `read` parses the request; without it, `read_request` does.
    """

    def declare(view: View) -> View:
        def wrapped(**_: str) -> Response:
            request = routes.current_request
            with within(getattr(request, "lambda_context", None)):
                return handle(request, view, read or read_request)

        functools.update_wrapper(wrapped, view, assigned=("__module__", "__name__", "__doc__"), updated=())
        del wrapped.__wrapped__  # type: ignore[attr-defined]  # Chalice counts a view's own arguments
        routes.route(path, methods=list(methods), content_types=CONTENT_TYPES)(wrapped)
        return view

    return declare


def handle(request: Any, view: View, read: Reader | None = None) -> Response:
    """Call a view, and serialize its result or its error."""
    began = time.perf_counter()
    call: HttpCall | None = None
    error: PetriError | None = None
    try:
        call = (read or read_request)(request)
        refuse_protected(request.path, call.caller)
        result = view(call)
        if isinstance(result, Response):
            response = result
        elif request.method == "GET":
            response = written(page_of(succeeded(result), call.parameters, encode))
        else:
            response = json_response(result)
    except PetriError as refused:
        error = refused
        response = error_response(refused)
    except Exception as fault:  # noqa: BLE001 - the last handler: errors of an author's hook are logged and returned
        error = PetriError(f"{type(fault).__name__}: {fault}")
        error.__cause__ = fault
        response = error_response(error)
    log_request(request, call, response.status_code, time.perf_counter() - began, error)
    return response


def read_request(request: Any) -> HttpCall:
    """Parse the caller, parameters and request id of a Chalice request."""
    caller, body = read_caller_and_body(request)
    parameters = Parameters.of(request)
    identity = parameters.request_id(request.headers.get("x-request-id"))
    path = request.context.get("path", request.path)
    return HttpCall(
        parameters=parameters,
        caller=caller,
        request=Request(identity, parameters.fingerprint(request.method, path) if identity else ""),
        headers=request.headers,
        body=body,
        source=source_address(request.context, request.headers),
        method=request.method,
    )


def read_caller_and_body(request: Any) -> tuple[Caller, bytes]:
    """Return the caller and the raw body, which isn't parsed yet; refuse long and compressed bodies."""
    caller = find_caller(request.headers.get("authorization"))
    body = raw if isinstance(raw := request.raw_body, bytes) else raw.encode()
    _refuse_long_anonymous(caller, body)
    _refuse_encoded(request.headers.get("content-encoding"), body)
    return caller, body


def source_address(context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Return the client's address; behind CloudFront, or a proxy on this machine, the address that it names.

    Each hop appends the address of its client, so the last entry that isn't the hop's own is its client.
    """
    hop = str((context.get("identity") or {}).get("sourceIp") or "")
    is_proxied = hop in _THIS_MACHINE or "cloudfront" in (headers.get("via") or "").lower()
    if not is_proxied:
        return hop
    named = [part.strip() for part in (headers.get("x-forwarded-for") or "").split(",")]
    before = [part for part in named if part and part != hop]
    return before[-1] if before else hop


def _refuse_encoded(encoding: str | None, body: bytes) -> None:
    """Refuse a compressed body: API Gateway passes bodies on as text, which corrupts compressed ones."""
    named = (encoding or "").strip().lower()
    if named in ("", "identity") and not body.startswith(_GZIP):
        return
    raise UnsupportedMedia(
        f"The body is compressed ({named or 'gzip'}), which isn't supported; send it uncompressed, without "
        "a Content-Encoding header."
    )


def _refuse_long_anonymous(caller: Caller, body: bytes) -> None:
    """Refuse a large body without a token before parsing it, which would delay other requests."""
    if caller.kind == ANONYMOUS.kind and len(body) > MAX_ANONYMOUS_BODY:
        raise TooLarge(
            f"A request without a token may have a body of {MAX_ANONYMOUS_BODY // 1024} KB; "
            "send the participant's or the operator's token, or less at once."
        )


def find_caller(authorization: str | None) -> Caller:
    """Return the caller that the Authorization header identifies; Unauthorized for an invalid token."""
    app = services.current()
    caller = ANONYMOUS
    if authorization:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Unauthorized("Send the token as `Authorization: Bearer <token>`.", code="token_invalid")
        caller = _holder_of(token.strip())
    if app.tokens_are_off and caller.kind not in (PARTICIPANT, OPERATOR):
        return Caller(ANYONE)
    return caller


def _holder_of(token: str) -> Caller:
    """Return the caller whom a token identifies: the operator, a participant, or a user's program."""
    app = services.current()
    is_operator = hmac.compare_digest(token.encode(), app.operator_token.encode())
    if is_operator or not token.startswith(USER_PREFIX):
        return app.tokens.read(token)
    # Lazy imports: participants' requests start without the modules of accounts.
    if token.startswith(LAB_PREFIX):
        from chalicelib.identity.lab_caller import authenticate_lab

        return caller_of(app.run(authenticate_lab, token.removeprefix(LAB_PREFIX)))
    from chalicelib.operations.accounts.actors import authenticate_token

    return caller_of(app.run(authenticate_token, token))


def refuse_protected(path: str, caller: Caller) -> None:
    """Refuse a protected route to every caller but the operator. `path`: as declared, `/node/{node_id}`."""
    rules = services.current().config.get("protected_routes")
    if rules and caller.kind != OPERATOR and _shape(path) in read_rules(str(rules)):
        raise Forbidden("This route is not available in this experiment.", code="route_protected")


@lru_cache(maxsize=512)
def _shape(path: str) -> RouteShape:
    return parse_rule(path).shape


@lru_cache(maxsize=8)
def read_rules(text: str) -> frozenset[RouteShape]:
    """Parse a JSON list of routes, such as `["/network/<network_id>"]`, with any names of variables."""
    try:
        return frozenset(parse_rule(rule).shape for rule in json.loads(text))
    except (ValueError, TypeError, AttributeError, ExperimentError) as error:
        raise ConfigError(
            f'protected_routes must be a JSON list of routes, such as ["/network/<network_id>"]: {error}'
        ) from error
