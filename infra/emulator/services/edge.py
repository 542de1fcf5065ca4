"""Emulates CloudFront on loopback: the distributions of an app, each with its own behaviours.

Behaviours, origins and functions are read from CloudFront's API; pages come from S3, API responses from the
emulated API Gateway. The functions' JavaScript runs in QuickJS,
a small engine in a Python package.
"""

from __future__ import annotations

import asyncio
import fnmatch
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import ClientError
from quickjs import Context
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.emulator.process.cloud import Cloud
from infra.lambda_events.gateway import HttpRequest
from infra.lambda_events.responses import ProxyResponse
from infra.local.sockets import PATH, Sockets
from infra.local.uvicorn_server import listen, serve, url_of

from .api_gateway import FORBIDDEN, RestApi
from .socket_management import ManagementApi

_BUCKET = re.compile(r"(.+)\.s3[.-].*")
_API = re.compile(r"(\w+)\.execute-api\..*")
NOT_FOUND = ProxyResponse(404, ((b"content-type", b"text/plain"),), b"Not found")
REFUSED = ProxyResponse(403, ((b"content-type", b"text/plain"),), b"This method isn't allowed here")
#: AWS's managed policy SecurityHeadersPolicy: its headers, and whether each replaces the origin's.
SECURITY_HEADERS_POLICY = "67f7725c-6f97-4210-82d7-5512b31e9d03"
MANAGED_HEADERS: dict[str, tuple[tuple[bytes, bytes, bool], ...]] = {
    SECURITY_HEADERS_POLICY: (
        (b"strict-transport-security", b"max-age=31536000", False),
        (b"x-content-type-options", b"nosniff", True),
        (b"x-frame-options", b"SAMEORIGIN", False),
        (b"x-xss-protection", b"1; mode=block", False),
        (b"referrer-policy", b"strict-origin-when-cross-origin", False),
    )
}
#: An address of CloudFront's, from which requests arrive at the APIs.
EDGE_ADDRESS = "130.176.0.1"
#: Calls a function's handler with an event, and returns its result as JSON.
CALL = r"""
(code, text) => {
  const event = JSON.parse(text), query = event.request.rawQuery;
  event.request.rawQueryString = () => query === "" ? undefined : query;
  return JSON.stringify(new Function(code + "\nreturn handler;")()(event));
}
"""


@dataclass(frozen=True)
class EdgeBehaviour:
    """How requests with a path pattern are handled."""

    pattern: str
    origin: str
    methods: frozenset[str]
    #: The code of the viewer request function; empty without one.
    code: str
    #: The id of the policy that adds headers to responses.
    headers_policy: str = ""

    def covers(self, path: str) -> bool:
        """Whether a path matches the pattern: * is any text, ? one character; case-sensitive."""
        return fnmatch.fnmatchcase(path, self.pattern.replace("[", "[[]"))


@dataclass(frozen=True)
class EdgeOrigin:
    """Where a distribution gets its responses."""

    domain: str
    path: str
    #: The headers that the distribution adds to its requests, with those names in lower case.
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Distribution:
    """A distribution, as CloudFront's API describes it."""

    def __init__(self, cloud: Cloud, summary: dict[str, Any]) -> None:
        self._cloudfront = cloud.client("cloudfront", caller="REHEARSAL")
        self.domain: str = summary["DomainName"]
        config = self._cloudfront.get_distribution_config(Id=summary["Id"])["DistributionConfig"]
        self.origins = {one["Id"]: _origin(one) for one in config["Origins"]["Items"]}
        listed = [*config.get("CacheBehaviors", {}).get("Items", []), config["DefaultCacheBehavior"]]
        self.behaviours = [self._behaviour(one) for one in listed]

    def _behaviour(self, settings: dict[str, Any]) -> EdgeBehaviour:
        functions = settings.get("FunctionAssociations", {}).get("Items", [])
        first = [one["FunctionARN"] for one in functions if one["EventType"] == "viewer-request"]
        return EdgeBehaviour(
            pattern=settings.get("PathPattern") or "*",
            origin=settings["TargetOriginId"],
            methods=frozenset(settings["AllowedMethods"]["Items"]),
            code=self._code(first[0]) if first else "",
            headers_policy=settings.get("ResponseHeadersPolicyId") or "",
        )

    def _code(self, arn: str) -> str:
        function = self._cloudfront.get_function(Name=arn.rpartition("/")[2])
        return str(function["FunctionCode"].read().decode())

    def behaviour(self, path: str) -> EdgeBehaviour:
        """Return the first behaviour whose pattern matches a path."""
        return next(one for one in self.behaviours if one.covers(path) or one.covers(path.removeprefix("/")))

    @property
    def has_sockets(self) -> bool:
        """Whether it is the participants' distribution, whose behaviours include sockets."""
        return any(one.pattern == PATH for one in self.behaviours)


def distributions(cloud: Cloud) -> list[Distribution]:
    """Return the distributions, that of participants first."""
    listed = cloud.client("cloudfront", caller="REHEARSAL").list_distributions()["DistributionList"]["Items"]
    return sorted((Distribution(cloud, one) for one in listed), key=lambda one: not one.has_sockets)


def _origin(settings: dict[str, Any]) -> EdgeOrigin:
    added = settings.get("CustomHeaders", {}).get("Items", [])
    headers = ((one["HeaderName"].lower().encode(), one["HeaderValue"].encode()) for one in added)
    return EdgeOrigin(settings["DomainName"], settings.get("OriginPath", ""), tuple(headers))


class EdgeTargets(Protocol):
    """The deployed services."""

    @property
    def distributions(self) -> list[Distribution]: ...

    @property
    def rest(self) -> RestApi: ...

    @property
    def sockets(self) -> Sockets: ...

    @property
    def socket_api_id(self) -> str: ...

    @property
    def connections(self) -> ManagementApi: ...

    def start_closing(self) -> None:
        """Close sockets silently from now on."""


class Served:
    """An ASGI application on a free loopback port, with its own event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._listener = listen("127.0.0.1", 0)
        self.url = url_of(self._listener)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="served", daemon=True)
        self._thread.start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(serve(self, self._listener, self._stop))
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


class Edge:
    """Serves AWS's addresses until it is closed.

    `url`, to which CloudFront's names resolve, serves the distribution that the Host header names, by default
    that of participants; `apis` serves the APIs by their own names. They are separate servers, because a
    socket's function posts to the second while the first waits for it.
    """

    def __init__(self, cloud: Cloud, deployed: EdgeTargets) -> None:
        self._deployed = deployed
        self._s3 = cloud.client("s3", caller="CLOUDFRONT")
        self._distribution = Served(self._distribute)
        self._apis = Served(self._serve_apis)
        self.url, self.apis = self._distribution.url, self._apis.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._deployed.start_closing()
        self._distribution.close()
        self._apis.close()

    async def _distribute(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request as CloudFront, or serve one socket."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._respond(self.answer, scope, receive, send)

    async def _serve_apis(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket_of_api(scope, receive, send)
        else:
            await self._respond(self._of_api, scope, receive, send)

    async def _socket_of_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a socket by the API's own name, at its stage."""
        handshake = HttpRequest.from_scope({**scope, "method": "GET"}, b"")
        api = _API.fullmatch(handshake.header(b"host") or "")
        stage = self._deployed.rest.stage
        is_stage = scope["path"] == f"/{stage}"
        is_ours = api is not None and api[1] == self._deployed.socket_api_id
        routed_path = PATH if is_ours and is_stage else "/"
        await self._deployed.sockets({**scope, "path": routed_path}, receive, send)

    async def _respond(
        self, respond: Callable[[HttpRequest], ProxyResponse], scope: Scope, receive: Receive, send: Send
    ) -> None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        request = HttpRequest.from_scope(scope, bytes(body))
        answer = await asyncio.to_thread(respond, request)
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body_sent = b"" if request.method == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body_sent})

    def answer(self, request: HttpRequest) -> ProxyResponse:
        """Handle a request with the first behaviour that matches its path."""
        distribution = self._distribution_at(request.header(b"host"))
        behaviour = distribution.behaviour(request.path)
        if request.method not in behaviour.methods:
            return REFUSED
        result = self._at_viewer_request(behaviour, request)
        if "statusCode" in result:
            response = _edge_response(result)
        else:
            response = self._from_origin(distribution.origins[behaviour.origin], request, result["uri"])
        return _with_headers(response, MANAGED_HEADERS.get(behaviour.headers_policy, ()))

    def _distribution_at(self, host: str | None) -> Distribution:
        known = self._deployed.distributions
        return next((one for one in known if one.domain == host), known[0])

    def _from_origin(self, origin: EdgeOrigin, request: HttpRequest, uri: str) -> ProxyResponse:
        bucket = _BUCKET.fullmatch(origin.domain)
        if bucket is not None:
            return self._page(bucket[1], origin.path + uri)
        # The Host header is not forwarded: API Gateway gets its own name. A distribution's headers replace
        # those that the client sent under their names.
        replaced = {b"host", b"via", b"x-forwarded-for", *(name for name, _ in origin.headers)}
        forwarded = request.header(b"x-forwarded-for")
        headers = (
            *(pair for pair in request.headers if pair[0] not in replaced),
            (b"host", origin.domain.encode()),
            (b"via", b"2.0 emulated.cloudfront.net (CloudFront)"),
            (b"x-forwarded-for", f"{forwarded}, {request.address}".removeprefix("None, ").encode()),
            *origin.headers,
        )
        # API Gateway sees an address of CloudFront's.
        sent = replace(request, path=origin.path + uri, headers=headers, address=EDGE_ADDRESS)
        return self._of_api(sent)

    def _of_api(self, request: HttpRequest) -> ProxyResponse:
        """Send a request to an API by its own name, with the stage in the path."""
        rest = self._deployed.rest
        api = _API.fullmatch(request.header(b"host") or "")
        stage = f"/{rest.stage}"
        if api is not None and api[1] == self._deployed.socket_api_id:
            return self._deployed.connections.answer(request)
        if api is None or api[1] != rest.id or not request.path.startswith(f"{stage}/"):
            return FORBIDDEN
        below = request.path.removeprefix(stage)
        return rest.answer(replace(request, path=below, scheme="https", port=443))

    def _at_viewer_request(self, behaviour: EdgeBehaviour, request: HttpRequest) -> dict[str, Any]:
        """Run the behaviour's function on a request, and return the request or response that it returns."""
        viewer_request: dict[str, Any] = {
            "method": request.method,
            "uri": request.path,
            "rawQuery": request.query.decode("latin-1"),
            "querystring": {
                name: {"value": value}
                for name, value in parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
            },
            "headers": {
                name.decode("latin-1"): {"value": value.decode("latin-1")} for name, value in request.headers
            },
            "cookies": {},
        }
        if not behaviour.code:
            return viewer_request
        event = {"version": "1.0", "context": {"eventType": "viewer-request"}, "request": viewer_request}
        # An engine can only be used in the thread that created it.
        result: dict[str, Any] = json.loads(Context().eval(CALL)(behaviour.code, json.dumps(event)))
        return result

    def _page(self, bucket: str, path: str) -> ProxyResponse:
        try:
            page = self._s3.get_object(Bucket=bucket, Key=unquote(path.removeprefix("/")))
        except ClientError:
            # For a missing object, S3 responds with 403 to a client without the right to list.
            return NOT_FOUND
        fields = {
            "content-type": page.get("ContentType"),
            "cache-control": page.get("CacheControl"),
            "content-encoding": page.get("ContentEncoding"),
        }
        headers = tuple((name.encode(), str(value).encode()) for name, value in fields.items() if value)
        return ProxyResponse(200, headers, page["Body"].read())

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        stage = self._deployed.rest.stage
        handshake = HttpRequest.from_scope({**scope, "method": "GET"}, b"")
        distribution = self._distribution_at(handshake.header(b"host"))
        behaviour = distribution.behaviour(scope["path"])
        result = await asyncio.to_thread(self._at_viewer_request, behaviour, handshake)
        origin = distribution.origins[behaviour.origin]
        # The WebSocket API is served at its stage's own address, without any path below it.
        is_stage = origin.path + result.get("uri", "") == f"/{stage}"
        routed_path = PATH if ".execute-api." in origin.domain and is_stage else "/"
        await self._deployed.sockets({**scope, "path": routed_path}, receive, send)


def _with_headers(response: ProxyResponse, policy: tuple[tuple[bytes, bytes, bool], ...]) -> ProxyResponse:
    """Add a policy's headers to a response, as far as it doesn't have them or they replace its own."""
    own = {name.lower() for name, _ in response.headers}
    added = [(name, value) for name, value, overrides in policy if overrides or name not in own]
    names = {name for name, _ in added}
    kept = [pair for pair in response.headers if pair[0].lower() not in names]
    return replace(response, headers=(*kept, *added))


def _edge_response(result: dict[str, Any]) -> ProxyResponse:
    headers = tuple((name.encode(), one["value"].encode()) for name, one in result.get("headers", {}).items())
    body = str(result.get("body", {}).get("data", ""))
    return ProxyResponse(int(result["statusCode"]), headers, body.encode())
