"""Emulates API Gateway's management API on loopback, through which Lambda posts to sockets.

It follows AWS's "Use @connections commands in your backend service": POST sends, GET describes, DELETE
closes; 410 for a closed connection, 413 above 128 KB.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote

from chalicelib.messaging.local_channels import MOST_BYTES, LocalChannels
from infra.lambda_events.socket_events import STAGE

CONNECTIONS = f"/{STAGE}/@connections/"
#: Errors: the HTTP status, the error's name and its message.
GONE = (410, "GoneException", "")
TOO_LARGE = (413, "PayloadTooLargeException", "Message too long")
LIMITED = (429, "LimitExceededException", "Rate exceeded")
FORBIDDEN = (403, "ForbiddenException", "Forbidden")

Refusal = tuple[int, str, str]


class ManagementAPI:
    """Serves `/@connections/<id>` on a free port of this machine, in its own threads."""

    def __init__(self, sockets: LocalChannels) -> None:
        """`sockets`: the registry of open connections."""
        self.sockets = sockets
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, name="management-api", daemon=True)

    @property
    def url(self) -> str:
        """The stage's address, for clients of the management API."""
        return f"http://127.0.0.1:{self._server.server_port}/{STAGE}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def refusal(self, method: str, connection_id: str) -> Refusal | None:
        """Return an error for a call before it is processed; override it to inject faults."""
        del method, connection_id
        return None

    def post(self, connection_id: str, data: bytes) -> Refusal | None:
        """Send to a connection."""
        if len(data) > MOST_BYTES:
            return TOO_LARGE
        return GONE if self.sockets.send([connection_id], data.decode()) else None

    def delete(self, connection_id: str) -> Refusal | None:
        """Close a connection, with the code that API Gateway closes with."""
        if not self.sockets.has(connection_id):
            return GONE
        self.sockets.disconnect(connection_id, 1000, "Connection Closed Normally")
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, api: ManagementAPI) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        connection_id = self._connection_id()
        if connection_id is not None:
            self._answer(self._refusal(connection_id) or self.server.api.post(connection_id, data))

    def do_DELETE(self) -> None:
        connection_id = self._connection_id()
        if connection_id is not None:
            self._answer(self._refusal(connection_id) or self.server.api.delete(connection_id), success=204)

    def do_GET(self) -> None:
        connection_id = self._connection_id()
        if connection_id is None:
            return
        refusal = self._refusal(connection_id)
        if refusal is None and not self.server.api.sockets.has(connection_id):
            refusal = GONE
        if refusal is not None:
            self._answer(refusal)
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        identity = {"sourceIp": "127.0.0.1", "userAgent": "local"}
        self._send(200, {"connectedAt": now, "lastActiveAt": now, "identity": identity})

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: each operation has its own log entry."""

    def _connection_id(self) -> str | None:
        path = unquote(self.path.partition("?")[0])
        connection_id = path.removeprefix(CONNECTIONS)
        if path.startswith(CONNECTIONS) and connection_id and "/" not in connection_id:
            return connection_id
        self._answer(FORBIDDEN)
        return None

    def _refusal(self, connection_id: str) -> Refusal | None:
        if "Authorization" not in self.headers:
            return FORBIDDEN
        return self.server.api.refusal(self.command, connection_id)

    def _answer(self, refusal: Refusal | None, *, success: int = 200) -> None:
        if refusal is None:
            self._send(success, None)
            return
        status, error_type, message = refusal
        self._send(status, {"message": message}, error_type)

    def _send(self, status: int, body: dict[str, object] | None, error_type: str = "") -> None:
        payload = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        if error_type:
            self.send_header("x-amzn-errortype", error_type)
        self.end_headers()
        self.wfile.write(payload)
