"""Serves projects (JSON:API) and their files (WaterButler) over HTTP, as developer.osf.io documents it."""

from __future__ import annotations

import itertools
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "osf-token-of-the-test"
JSON = "application/vnd.api+json"
WRITING = {"POST", "PUT"}

Answer = tuple[int, dict[str, Any]]


class Framework:
    """A fake OSF server. `with Framework.running() as osf: ... osf.api`."""

    def __init__(self) -> None:
        self.projects: dict[str, dict[str, Any]] = {}
        #: The content of files, by project and name.
        self.files: dict[tuple[str, str], bytes] = {}
        #: Every received call: method and path.
        self.calls: list[tuple[str, str]] = []
        #: The faults of the next calls: a status, "dropped before" or "dropped after".
        self.faults: deque[int | str | None] = deque()
        self.may_write = True
        #: The host for files, if it isn't this server.
        self.upload_host = ""
        self.origin = ""
        self._ids = (f"ab{number:03}" for number in itertools.count(1))
        self._lane = threading.Lock()

    @property
    def api(self) -> str:
        return f"{self.origin}/v2"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Framework]:
        osf = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_RequestHandler,), {"osf": osf}))
        server.daemon_threads = False
        osf.origin = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield osf
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def handle(self, method: str, target: str, headers: Any, body: bytes) -> Answer | None:
        """Handle a call; None means that no response is sent."""
        place = urlsplit(target)
        with self._lane:
            self.calls.append((method, place.path))
            fault = self.faults.popleft() if self.faults else None
            if fault == "dropped before":
                return None
            if isinstance(fault, int):
                return fault, {"errors": [{"detail": "Something is the matter."}]}
            answer = self._refusal(method, place.path, headers) or self._answer(method, place, body)
            return None if fault == "dropped after" else answer

    def _refusal(self, method: str, path: str, headers: Any) -> Answer | None:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"errors": [{"detail": "User provided an invalid OAuth2 access token"}]}
        if method in WRITING and not self.may_write:
            return 403, {"errors": [{"detail": "You do not have permission to perform this action."}]}
        if method == "POST" and headers.get("Content-Type") != JSON:
            return 415, {"errors": [{"detail": "Unsupported media type in request."}]}
        if not path.endswith("/"):
            return 301, {}
        return None

    def _answer(self, method: str, place: Any, body: bytes) -> Answer:
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        parts = place.path.strip("/").split("/")
        match (method, parts):
            case ("POST", ["v2", "nodes"]):
                return self._create(json.loads(body)["data"])
            case ("GET", ["v2", "users", "me", "nodes"]):
                tag = query.get("filter[tags]")
                found = [each for each in self.projects.values() if tag in each["attributes"]["tags"]]
                return 200, {"data": found}
            case ("GET", ["v2", "nodes", project, "files"]) if project in self.projects:
                return 200, {"data": [self._storage(project, "github"), self._storage(project, "osfstorage")]}
            case ("PUT", ["v1", "resources", project, "providers", "osfstorage"]) if project in self.projects:
                return self._put(project, query, body)
        return 404, {"errors": [{"detail": "Not found."}]}

    def _create(self, document: dict[str, Any]) -> Answer:
        attributes = document["attributes"]
        if (
            document["type"] != "nodes"
            or attributes.get("category") != "project"
            or not attributes.get("title")
        ):
            return 400, {"errors": [{"detail": "This field may not be blank."}]}
        key = next(self._ids)
        files = {"links": {"related": {"href": f"{self.api}/nodes/{key}/files/", "meta": {}}}}
        project_document = {
            "id": key,
            "type": "nodes",
            "attributes": {"tags": [], "public": False, **attributes},
            "relationships": {"files": files},
            "links": {"html": f"https://osf.io/{key}/"},
        }
        self.projects[key] = project_document
        return 201, {"data": project_document}

    def _storage(self, project: str, provider: str) -> dict[str, Any]:
        host = self.upload_host or self.origin
        link = f"{host}/v1/resources/{project}/providers/{provider}/"
        return {
            "type": "files",
            "attributes": {"provider": provider, "kind": "folder"},
            "links": {"upload": link},
        }

    def _put(self, project: str, query: dict[str, str], body: bytes) -> Answer:
        if query.get("kind") != "file" or not query.get("name"):
            return 400, {"message": "name is required"}
        key = (project, query["name"])
        if key in self.files:
            return 409, {"code": 409, "message": "Cannot complete action: file or folder already exists"}
        self.files[key] = body
        return 201, {"data": {"type": "files", "attributes": {"name": query["name"]}}}


class _RequestHandler(BaseHTTPRequestHandler):
    """Handles one HTTP request."""

    osf: Framework
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        answer = self.osf.handle(self.command, self.path, self.headers, body)
        if answer is None:
            return
        status, content = answer
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: tests read `calls`."""
