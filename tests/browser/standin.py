"""A scripted server for tests of the pages' scripts: serves a built site, answers the API as scripted.

It speaks HTTP/1.0, so each request has a connection of its own: a browser that meets a dropped connection
then reports it to the page, instead of quietly asking again by itself.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlsplit

from infra.site import resolve

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


@dataclass(frozen=True)
class Answer:
    """What the server says once: a JSON body, or nothing at all where the line is `dropped`."""

    body: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False
    after: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    data: dict[str, str]
    headers: dict[str, str]

    @property
    def request_id(self) -> str:
        return self.headers["x-request-id"]


def success(**body: Any) -> Answer:
    return Answer({"status": "success", **body})


def refusal(status: int, code: str, text: str = "No.", **headers: str) -> Answer:
    body = {
        "status": "error",
        "error_type": "Refused",
        "error_text": text,
        "error_code": code,
        "html": f"<p>{text}</p>",
    }
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


DROPPED = Answer(dropped=True)


class StandIn:
    """Holds what to answer and what was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[Asked] = []
        self.port = 0
        #: Sent with pages and files.
        self.headers: dict[str, str] = {}
        self._once: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Answer] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Give these answers in turn; the last one again for ever."""
        *first, last = answers
        self._once[method, path] = deque(first)
        self._always[method, path] = last

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: Asked) -> Answer | None:
        key = (asked.method, asked.path)
        if key not in self._always:
            return None
        self.asked.append(asked)
        waiting = self._once[key]
        answer = waiting.popleft() if waiting else self._always[key]
        if answer.after is not None:
            answer.after.wait(20)
        return answer


S = TypeVar("S", bound=StandIn)


class _Handler(BaseHTTPRequestHandler):
    standin: StandIn

    def log_message(self, *_: object) -> None:
        """Stay quiet: pytest shows what matters."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        form = address.query if self.command == "GET" else self.rfile.read(length).decode()
        data = {name: values[-1] for name, values in parse_qs(form, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.standin.answer(Asked(self.command, address.path, data, headers))
        if answer is None:
            self._file(address.path)
        elif not answer.dropped:
            text = json.dumps(answer.body).encode()
            self._send(answer.status, "application/json", text, answer.headers)

    def _file(self, path: str) -> None:
        found = resolve(self.standin.root, path)
        if found is None:
            self._send(404, "text/plain", b"nothing here", {})
        else:
            self._send(200, CONTENT_TYPES[found.suffix], found.read_bytes(), self.standin.headers)

    def _send(self, status: int, content_type: str, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(root: Path, standin: S | None = None) -> Iterator[S]:
    """Run a stand-in for the site at `root` on a free port of this machine: a plain one, or the given one."""
    standin = standin if standin is not None else cast("S", StandIn(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"standin": standin}))
    server.daemon_threads = True
    standin.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
