"""Serves an experiment's built pages and files, with security and cache headers."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from chalicelib.study.assets.asset import UPLOADED_ADDRESS

#: Resolves an address to a file in a folder of built pages; None when there is none.
Resolve = Callable[[Path, str], Path | None]

#: Pages written for the documented API have inline scripts, evaluate templates, and load libraries from other
#: hosts, but may send data only to this origin. MTurk shows the ad in a frame and receives the last form.
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
#: Recruiters' links contain worker ids, so addresses must not leak to other hosts as referrers.
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
NEVER_STORED = (b"cache-control", b"no-store")
#: Files change while an author develops, so browsers revalidate them on each request.
ALWAYS_ASKED = (b"cache-control", b"no-cache")
#: An embedded file has no origin of its own (`sandbox`), and loads sounds, fonts and modules from `static`.
FOR_ALL_ORIGINS = (b"access-control-allow-origin", b"*")

# Systems' MIME tables differ: on some, scripts are text/plain, which `nosniff` then blocks.
for _type, _ending in (
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("text/css", ".css"),
    ("image/svg+xml", ".svg"),
    ("image/webp", ".webp"),
    ("image/avif", ".avif"),
    ("audio/mp4", ".m4a"),
    ("font/woff2", ".woff2"),
    ("application/json", ".map"),
):
    mimetypes.add_type(_type, _ending)


class Pages:
    """A folder of built pages."""

    def __init__(
        self, root: Path, resolve: Resolve, uploaded: Callable[[str], Path | None] | None = None
    ) -> None:
        """`root`: the folder of built pages; `resolve`: maps an address to a file.

        `uploaded`: returns the file of an asset by the last part of its address, or None.
        """
        self._root = root
        self._resolve = resolve
        self._uploaded = uploaded

    def moved_to(self, root: Path) -> Pages:
        """Return the same pages in another folder, in which they were built again."""
        return Pages(root, self._resolve, self._uploaded)

    def find(self, path: str) -> Path | None:
        """Return the file for a decoded path, or None."""
        if self._uploaded is not None and path.startswith(UPLOADED_ADDRESS):
            return self._uploaded(path.removeprefix(UPLOADED_ADDRESS))
        return None if "\0" in path else self._resolve(self._root, path)

    async def send(self, file: Path, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file, a range of it, or 304 if the browser has it cached."""
        is_page = file.suffix == ".html"
        response: Response = _whole(file, is_page=is_page)
        if not is_page and _browser_has_it(Headers(scope=scope), response):
            response = Response(status_code=304, headers={**dict(response.headers), "content-length": "0"})
        await response(scope, receive, send)


def _whole(file: Path, *, is_page: bool) -> FileResponse:
    own = (NEVER_STORED, PAGE_POLICY) if is_page else (ALWAYS_ASKED, FOR_ALL_ORIGINS)
    headers = {name.decode(): value.decode() for name, value in (*SECURITY_HEADERS, *own)}
    return FileResponse(file, stat_result=file.stat(), headers=headers)


def _browser_has_it(headers: Headers, response: Response) -> bool:
    known = headers.get("if-none-match")
    if known is None:
        return False
    return response.headers["etag"] in {tag.strip().removeprefix("W/") for tag in known.split(",")}
