"""Emulates CloudFront on loopback: one origin for all requests, with the distribution's own behaviours.

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

    def covers(self, path: str) -> bool:
        """Whether a path matches the pattern: * is any text, ? one character; case-sensitive."""
        return fnmatch.fnmatchcase(path, self.pattern.replace("[", "[[]"))


class Distribution:
    """The only distribution, as CloudFront's API describes it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloudfront = cloud.client("cloudfront", caller="REHEARSAL")
        (summary,) = self._cloudfront.list_distributions()["DistributionList"]["Items"]
        self.domain: str = summary["DomainName"]
        config = self._cloudfront.get_distribution_config(Id=summary["Id"])["DistributionConfig"]
        self.origins = {
            one["Id"]: (one["DomainName"], one.get("OriginPath", "")) for one in config["Origins"]["Items"]
        }
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
        )

    def _code(self, arn: str) -> str:
        function = self._cloudfront.get_function(Name=arn.rpartition("/")[2])
        return str(function["FunctionCode"].read().decode())

    def behaviour(self, path: str) -> EdgeBehaviour:
        """Return the first behaviour whose pattern matches a path."""
        return next(one for one in self.behaviours if one.covers(path) or one.covers(path.removeprefix("/")))


class EdgeTargets(Protocol):
    """The deployed services."""

    @property
    def distribution(self) -> Distribution: ...

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

    `url`, to which CloudFront's name resolves, serves the distribution; `apis` serves the APIs by their own
    names. They are separate servers, because a socket's function posts to the second while the first waits
    for it.
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
        distribution = self._deployed.distribution
        behaviour = distribution.behaviour(request.path)
        if request.method not in behaviour.methods:
            return REFUSED
        result = self._at_viewer_request(behaviour, request)
        if "statusCode" in result:
            return _edge_response(result)
        domain, path = distribution.origins[behaviour.origin]
        bucket = _BUCKET.fullmatch(domain)
        if bucket is not None:
            return self._page(bucket[1], path + result["uri"])
        # The Host header is not forwarded: API Gateway gets its own name.
        headers = tuple(pair for pair in request.headers if pair[0] != b"host")
        api_headers = (*headers, (b"host", domain.encode()))
        return self._of_api(replace(request, path=path + result["uri"], headers=api_headers))

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
        distribution, stage = self._deployed.distribution, self._deployed.rest.stage
        behaviour = distribution.behaviour(scope["path"])
        handshake = HttpRequest.from_scope({**scope, "method": "GET"}, b"")
        result = await asyncio.to_thread(self._at_viewer_request, behaviour, handshake)
        domain, path = distribution.origins[behaviour.origin]
        # The WebSocket API is served at its stage's own address, without any path below it.
        is_stage = path + result.get("uri", "") == f"/{stage}"
        routed_path = PATH if ".execute-api." in domain and is_stage else "/"
        await self._deployed.sockets({**scope, "path": routed_path}, receive, send)


def _edge_response(result: dict[str, Any]) -> ProxyResponse:
    headers = tuple((name.encode(), one["value"].encode()) for name, one in result.get("headers", {}).items())
    body = str(result.get("body", {}).get("data", ""))
    return ProxyResponse(int(result["statusCode"]), headers, body.encode())
