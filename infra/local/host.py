"""The ASGI application of a run: serves the API through the dispatcher, and the built pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from starlette.types import Receive, Scope, Send

from infra.lambda_events.gateway import MAX_BODY, HttpRequest, raw_path
from infra.lambda_events.responses import ProxyResponse, error_response
from infra.lambda_events.routing import Match

from .allowed_hosts import AllowedHosts
from .dashboard.dashboard_host import DashboardHost
from .dashboard.read_pool import ReadPool
from .serial_dispatcher import SerialDispatcher
from .sockets import Sockets
from .static_pages import NEVER_STORED, PAGE_POLICY, SECURITY_HEADERS, Pages
from .uploads.file_exchange import FileExchange

#: Seconds that a body may take to arrive: 6 MB at 1 Mbit/s.
BODY_TIME = 60.0
#: The rest of a rejected body isn't read.
_CLOSE = ((b"connection", b"close"),)
_logger = logging.getLogger("petri.local")


class PageTools(Protocol):
    """The tools of `petri debug` in pages; no other host has them."""

    def find(self, scope: Scope) -> ProxyResponse | None:
        """Return the response to a request for one of the tools' own files; None for any other request."""

    def add_to_page(self, file: Path, scope: Scope) -> str | None:
        """Return a page with the tools' script; None to send the page as it is."""


class Host:
    """The ASGI application that the server calls for each request."""

    def __init__(
        self,
        lane: SerialDispatcher,
        pages: Pages,
        sockets: Sockets | None = None,
        names: AllowedHosts | None = None,
        files: FileExchange | None = None,
    ) -> None:
        """`lane`: runs the API's operations; `pages`: the built site; `sockets`: serves /chat.

        `names`: decides which Host headers are accepted; without it, all are. `files`: takes uploads.
        """
        self._files = files
        self._names = names
        self._dashboard = DashboardHost()
        self.lane = lane
        self.pages = pages
        self.sockets = sockets
        #: runs reads of the dashboard beside the lane; None: they go through the lane like all others
        self.reads: ReadPool | None = None
        #: called after an API response was sent, to process the messages that it left
        self.after_request: Callable[[], None] = _nothing
        #: returns the start page of a debug run; None: the root is an ordinary address
        self.start_page: Callable[[], str] | None = None
        #: the tools of `petri debug`; None in any other mode
        self.tools: PageTools | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one socket."""
        if await self._is_for_another_host(scope, receive, send):
            return
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if self._files is not None and self._files.serves(scope):
            await self._file(self._files, scope, receive, send)
            return
        match = self.lane.routes.match(raw_path(scope))
        if match is not None and scope["method"] in match.methods:
            await _send(await self._api(match, scope, receive), send)
            self.after_request()
            return
        if self.start_page is not None and _is_start(scope):
            await _send(_html(self.start_page()), send, without_body=scope["method"] == "HEAD")
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await _send(_refusal(scope, match), send)
            return
        await self._page(match, scope, receive, send)

    async def _is_for_another_host(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Refuse a request to an unknown host name, or redirect one for a page from the dashboard."""
        if self._names is not None and not self._names.allow(_host_header(scope)):
            await self._refuse_name(scope, receive, send)
            return True
        redirect = self._dashboard.redirect(scope) if scope["type"] == "http" else None
        if redirect is None:
            return False
        await _send(redirect, send)
        return True

    async def _page(self, match: Match | None, scope: Scope, receive: Receive, send: Send) -> None:
        without_body = scope["method"] == "HEAD"
        tool = None if self.tools is None else self.tools.find(scope)
        if tool is not None:
            await _send(tool, send, without_body=without_body)
            return
        own = self._dashboard.serves_file(scope)
        if own is not None:
            await self._dashboard.send_file(own, scope, receive, send)
            return
        file = self.pages.find(scope["path"])
        if file is None:
            await _send(_refusal(scope, match), send, without_body=without_body)
            return
        page = None if self.tools is None else self.tools.add_to_page(file, scope)
        if page is None:
            await self.pages.send(file, scope, receive, send)
        else:
            await _send(_html(page), send, without_body=without_body)

    async def _file(self, files: FileExchange, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await _send(await files.take(scope, receive), send)
        elif scope["method"] == "GET":
            refusal = await files.send_file(scope, receive, send)
            if refusal is not None:
                await _send(refusal, send)
        else:
            text = "Files are posted, or downloaded with GET."
            await _send(error_response(405, "method_not_allowed", text), send)

    async def _refuse_name(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
            return
        text = (
            "This run isn't served under this host name. Open the address that petri printed, or serve the "
            "run with petri serve --address."
        )
        await _send(error_response(421, "other_host", text), send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.sockets is None:
            await send({"type": "websocket.close"})
            return
        await self.sockets(scope, receive, send)

    async def _api(self, match: Match, scope: Scope, receive: Receive) -> ProxyResponse:
        try:
            async with asyncio.timeout(BODY_TIME):
                body = await _read(scope, receive)
        except TimeoutError:
            return error_response(
                408,
                "too_slow",
                f"The request didn't arrive within {BODY_TIME:g} seconds; retry it.",
                headers=_CLOSE,
            )
        if body is None:
            return error_response(
                413,
                "too_large",
                f"The request is larger than {MAX_BODY // 2**20} MB; send less at a time.",
                headers=_CLOSE,
            )
        try:
            return await self._answer(HttpRequest.from_scope(scope, body), match)
        except Exception:
            # The outermost handler: Chalice handles what views raise, this handles errors outside of them.
            _logger.exception("A request to %s failed outside its view.", match.resource)
            return error_response(500, "internal_error", "An internal error occurred; please try again.")

    async def _answer(self, request: HttpRequest, match: Match) -> ProxyResponse:
        if self.reads is not None and self.reads.serves(request.method, request.path):
            answer = await self.reads.answer(self.lane.handler(request, match))
            if answer is not None:
                return answer
        return await self.lane.answer(request, match)


def _html(text: str) -> ProxyResponse:
    return ProxyResponse(200, ((b"content-type", b"text/html; charset=utf-8"),), text.encode())


def _host_header(scope: Scope) -> str | None:
    found: bytes | None = dict(scope["headers"]).get(b"host")
    return None if found is None else found.decode("latin-1")


def _is_start(scope: Scope) -> bool:
    """Whether a request is for the start page; a recruiter's link to the root has a query string."""
    return scope["path"] == "/" and not scope.get("query_string") and scope["method"] in {"GET", "HEAD"}


def _nothing() -> None:
    """Do nothing: a host without a worker has no messages to process."""


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """Read the body; None when it is longer than API Gateway allows."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > MAX_BODY:
        return None
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if length > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(answer: ProxyResponse, send: Send, *, without_body: bool = False) -> None:
    own = {name for name, _ in answer.headers}
    is_page = (answer.header(b"content-type") or b"").startswith(b"text/html")
    always = (*SECURITY_HEADERS, NEVER_STORED, *((PAGE_POLICY,) if is_page else ()))
    headers = [*answer.headers, *(pair for pair in always if pair[0] not in own)]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else answer.body})


def _refusal(scope: Scope, match: Match | None) -> ProxyResponse:
    method = scope["method"]
    as_page = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
    if match is None:
        text = f"No page or route exists at {scope['path']}; check the address."
        return error_response(404, "not_found", text, as_page=as_page)
    allowed = ", ".join(sorted(match.methods | {"OPTIONS"}))
    allow: tuple[tuple[bytes, bytes], ...] = ((b"allow", allowed.encode()),)
    if method == "OPTIONS":
        return ProxyResponse(204, allow, b"")
    text = f"{match.resource} doesn't allow {method}; use {' or '.join(sorted(match.methods))}."
    return error_response(405, "method_not_allowed", text, headers=allow, as_page=as_page)
