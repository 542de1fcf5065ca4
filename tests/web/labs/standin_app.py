"""An app that answers a lab over HTTP, as tests want it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

OVERVIEW = {
    "state": "recruiting",
    "participants": {"working": 3, "approved": 20},
    "arrived": 23,
    "open_places": 7,
    "dead_letters": 1,
    "currency": "USD",
    "owed": "61.50",
    "spent": "61.50",
    "reserved": "12",
    "hard_cap": "100",
}


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]


@dataclass
class StandInApp:
    """Answers each request with an overview, or with what a test sets."""

    address: str
    overview: dict[str, Any] = field(default_factory=lambda: dict(OVERVIEW))
    answer: bytes | None = None
    status: int = 200
    asked: list[Asked] = field(default_factory=list)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
        made = cls(f"http://localhost:{server.server_port}")
        server.RequestHandlerClass = made._handler()
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                app.asked.append(Asked(self.path, dict(self.headers.items())))
                body = json.dumps(app.overview).encode() if app.answer is None else app.answer
                self.send_response(app.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        return Handler
