"""Keeps the dashboard of a local run apart from its pages: one is `localhost`, the others are `127.0.0.1`.

Pages run authors' scripts. If they were served as `localhost` too, their scripts could read the dashboard
with the cookie of the operator who has it open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.types import Receive, Scope, Send

from chalicelib.dashboard.own_host import OWN_NAME, host_name
from chalicelib.dashboard.rendering import STATIC
from infra.lambda_events.gateway import raw_path
from infra.lambda_events.responses import ProxyResponse
from infra.local.static_pages import Pages

_FILES: Final = Path(__file__).parents[3] / "frontend" / "dashboard"
_PAGES_HOST: Final = "127.0.0.1"
#: What the dashboard's host serves; the app itself refuses the same addresses on any other host.
_OWN_PATHS: Final = ("/dashboard", "/api/v1", STATIC)
#: Where forms of uploads are posted.
UPLOADS: Final = "/uploads/"


class DashboardHost:
    """Answers what `localhost` serves besides the API: the dashboard's files, and redirects to the pages."""

    def __init__(self, files: Path = _FILES) -> None:
        """`files`: the folder of the dashboard's style sheets and scripts."""
        self._root = files.resolve()
        self._files = Pages(self._root, _find_file)

    def redirect(self, scope: Scope) -> ProxyResponse | None:
        """Return the redirect of a browser that asks the dashboard's host for anything else.

        Programs are answered under either name: they run no scripts of pages.
        """
        headers = dict(scope["headers"])
        host = (headers.get(b"host") or b"").decode("latin-1")
        path = raw_path(scope)
        is_own = any(path == own or path.startswith(f"{own}/") for own in _OWN_PATHS)
        # A file that a researcher uploads is taken here, and never sent from here.
        is_own = is_own or (scope["method"] == "POST" and path.startswith(UPLOADS))
        if is_own or host_name(host) != OWN_NAME or not _is_browser(headers):
            return None
        port = host.partition(":")[2]
        # Only a number: with any other text behind the colon, the address could name another host.
        place = f"{_PAGES_HOST}:{port}" if port.isascii() and port.isdigit() else _PAGES_HOST
        query = scope.get("query_string") or b""
        address = f"http://{place}{path}{'?' if query else ''}{query.decode('latin-1')}"
        return ProxyResponse(307, ((b"location", address.encode("latin-1")),), b"")

    def serves_file(self, scope: Scope) -> Path | None:
        """Return the dashboard's file for a request to its host; None for any other request."""
        headers = dict(scope["headers"])
        host = (headers.get(b"host") or b"").decode("latin-1")
        path: str = scope["path"]
        if host_name(host) != OWN_NAME or not path.startswith(f"{STATIC}/"):
            return None
        return self._files.find(path.removeprefix(STATIC))

    async def send_file(self, file: Path, scope: Scope, receive: Receive, send: Send) -> None:
        """Send one of the dashboard's files."""
        await self._files.send(file, scope, receive, send)


def _is_browser(headers: dict[bytes, bytes]) -> bool:
    return b"sec-fetch-mode" in headers or b"text/html" in headers.get(b"accept", b"")


def _find_file(root: Path, path: str) -> Path | None:
    file = (root / path.lstrip("/")).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
