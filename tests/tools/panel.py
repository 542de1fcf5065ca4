"""A fake of the panel of docs/recruiters/own.md: its HTTP API on loopback, and its payments."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

KEY = "panel-key"


class Panel:
    """A fake panel. `with Panel.running() as panel: ... panel.url`."""

    def __init__(self) -> None:
        self.url = ""
        #: Open places, by idempotency key.
        self.invitations: dict[str, int] = {}
        #: Payments, by idempotency key.
        self.payments: dict[str, dict[str, Any]] = {}
        self.assignments: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Panel]:
        panel = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"panel": panel}))
        server.daemon_threads = False
        panel.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield panel
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    @property
    def places(self) -> int:
        return sum(self.invitations.values()) - len(self.assignments)

    def accept(self, member: str) -> str:
        """Accept an invitation as a member; return the assignment's id."""
        if self.places < 1:
            raise AssertionError("The panel has no open place.")
        assignment_id = f"assignment-{len(self.assignments) + 1}"
        self.assignments[assignment_id] = {"member": member, "status": "working"}
        return assignment_id

    def handle(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        kind, _, name = path.strip("/").partition("/")
        with self._lock:
            if (method, kind) == ("PUT", "invitations"):
                return 200, {"n": self.invitations.setdefault(unquote(name), int(body["n"]))}
            if (method, kind) == ("DELETE", "invitations"):
                self.invitations = {"taken": len(self.assignments)}
                return 200, {}
            if (method, kind) == ("PUT", "payments"):
                payment = {"id": f"payment-{len(self.payments) + 1}", **body}
                return 200, self.payments.setdefault(unquote(name), payment)
            stored = {"payments": self.payments, "assignments": self.assignments}.get(kind, {})
            found = stored.get(unquote(name)) if method == "GET" else None
        return (404, {"error": "not found"}) if found is None else (200, dict(found))


class _Handler(BaseHTTPRequestHandler):
    panel: Panel

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            status, response = 401, {"error": "wrong key"}
        else:
            status, response = self.panel.handle(self.command, self.path, body or {})
        data = json.dumps(response).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = _serve  # noqa: N815 - names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""
