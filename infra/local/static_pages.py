"""An experiment's built pages and files, served with the headers that a participant's browser needs."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

#: Finds the file behind an address in a folder of built pages; None when there is none.
Resolve = Callable[[Path, str], Path | None]

#: Pages written for the documented API have scripts in the page itself, evaluate templates, and load
#: libraries from other hosts; what they send may only come here. MTurk shows the ad in a frame and takes the
#: last form.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob: https:",
    "style-src": "'self' 'unsafe-inline' https:",
    "img-src": "'self' data: blob: https:",
    "media-src": "'self' data: blob: https:",
    "font-src": "'self' data: https:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self' https:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self' https://*.mturk.com",
    "frame-ancestors": "'self' https://*.mturk.com",
}
PAGE_POLICY = (
    b"content-security-policy",
    "; ".join(f"{what} {whence}" for what, whence in _POLICY.items()).encode(),
)
#: Worker ids stand in the addresses that recruiters send people to, so no other host is told an address.
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
NEVER_STORED = (b"cache-control", b"no-store")
#: Files of a run being tried out change under the author's hands: ask each time, and be told 304.
ALWAYS_ASKED = (b"cache-control", b"no-cache")

# Machines' own tables differ: on some, scripts come out as text/plain and `nosniff` then forbids them.
for _type, _ending in (
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("text/css", ".css"),
    ("image/svg+xml", ".svg"),
    ("image/webp", ".webp"),
    ("font/woff2", ".woff2"),
    ("application/json", ".map"),
):
    mimetypes.add_type(_type, _ending)


class Pages:
    """The folder of built pages behind one address."""

    def __init__(self, root: Path, resolve: Resolve) -> None:
        """`root`: where the pages were built to; `resolve`: address to file."""
        self._root = root
        self._resolve = resolve

    def find(self, path: str) -> Path | None:
        """Give the file behind a decoded path, or None."""
        return None if "\0" in path else self._resolve(self._root, path)

    async def send(self, file: Path, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file: whole, a range of it, or 304 when the browser has it."""
        is_page = file.suffix == ".html"
        response: Response = _whole(file, is_page=is_page)
        if not is_page and _browser_has_it(Headers(scope=scope), response):
            response = Response(status_code=304, headers={**dict(response.headers), "content-length": "0"})
        await response(scope, receive, send)


def _whole(file: Path, *, is_page: bool) -> FileResponse:
    own = (NEVER_STORED, PAGE_POLICY) if is_page else (ALWAYS_ASKED,)
    headers = {name.decode(): value.decode() for name, value in (*SECURITY_HEADERS, *own)}
    return FileResponse(file, stat_result=file.stat(), headers=headers)


def _browser_has_it(asked: Headers, response: Response) -> bool:
    known = asked.get("if-none-match")
    if known is None:
        return False
    return response.headers["etag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}
