"""Serves the debug bar's own files, and adds the bar to pages, for browsers on this machine alone."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Scope

from infra.lambda_events.responses import ProxyResponse

from .reloading import Reloader

#: The files of the bar; they are no part of a site, so no deployed app has them.
_FILES = Path(__file__).parents[3] / "frontend" / "debug"
#: The addresses of the tools.
PREFIX: Final = "/_debug/"
_TYPES: Final = {
    "bar.js": "text/javascript; charset=utf-8",
    "bar.css": "text/css; charset=utf-8",
    "group.js": "text/javascript; charset=utf-8",
    "group.html": "text/html; charset=utf-8",
}
_MAX_DIGITS = 9


class DebugPages:
    """The tools of `petri debug` in pages."""

    def __init__(self, reloader: Reloader) -> None:
        """`reloader`: knows what has changed."""
        self._reloader = reloader

    def find(self, scope: Scope) -> ProxyResponse | None:
        """Return the response to a request for one of the tools' own files; None for any other request."""
        path = str(scope["path"])
        if not path.startswith(PREFIX) or not is_on_this_machine(scope):
            return None
        name = path.removeprefix(PREFIX)
        if name == "changes":
            return _response("application/json", json.dumps(self._changes(scope)))
        name = "group.html" if name == "group" else name
        if name not in _TYPES:
            return None
        return _response(_TYPES[name], (_FILES / name).read_text(encoding="utf-8"))

    def add_to_page(self, file: Path, scope: Scope) -> str | None:
        """Return a page with the bar's script; None to send the page as it is.

        The files in `static` are an author's own: an embedded one is shown in a frame of a page.
        """
        is_page = file.suffix == ".html" and not str(scope["path"]).startswith("/static/")
        if not is_page or not is_on_this_machine(scope):
            return None
        text = file.read_text(encoding="utf-8")
        made_by = f'data-instance="{self._reloader.instance}" data-version="{self._reloader.version}"'
        script = f'<script src="{PREFIX}bar.js" id="petri-debug-script" {made_by} defer></script>\n'
        before, end, after = text.rpartition("</body>")
        return f"{before}{script}{end}{after}" if end else text + script

    def _changes(self, scope: Scope) -> object:
        query = parse_qs(bytes(scope.get("query_string") or b"").decode("latin-1"))
        version = query.get("version", [""])[0]
        number = int(version) if version.isdecimal() and len(version) <= _MAX_DIGITS else -1
        return self._reloader.changes_since(query.get("instance", [""])[0], number)


def is_on_this_machine(scope: Scope) -> bool:
    """Whether a request comes from a browser on this machine, without a proxy."""
    client = scope.get("client")
    is_forwarded = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
    return client is not None and not is_forwarded and is_loopback(str(client[0]))


def is_loopback(address: str) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _response(kind: str, text: str) -> ProxyResponse:
    return ProxyResponse(200, ((b"content-type", kind.encode()),), text.encode())
