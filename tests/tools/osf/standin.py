"""Projects and their files, over HTTP as developer.osf.io describes it: JSON:API, WaterButler for files."""

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
    """What the OSF knows. `with Framework.running() as osf: ... osf.api`."""

    def __init__(self) -> None:
        self.projects: dict[str, dict[str, Any]] = {}
        #: by project and name
        self.files: dict[tuple[str, str], bytes] = {}
        #: every call that arrived: method and path
        self.calls: list[tuple[str, str]] = []
        #: what happens to the next calls: a status, "dropped before", "dropped after"
        self.faults: deque[int | str | None] = deque()
        self.may_write = True
        #: where files go, when it is another place than this one
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
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"osf": osf}))
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
        """Do what a call asks; None where no answer is to be given."""
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
                wanted = query.get("filter[tags]")
                found = [each for each in self.projects.values() if wanted in each["attributes"]["tags"]]
                return 200, {"data": found}
            case ("GET", ["v2", "nodes", project, "files"]) if project in self.projects:
                return 200, {"data": [self._storage(project, "github"), self._storage(project, "osfstorage")]}
            case ("PUT", ["v1", "resources", project, "providers", "osfstorage"]) if project in self.projects:
                return self._put(project, query, body)
        return 404, {"errors": [{"detail": "Not found."}]}

    def _create(self, asked: dict[str, Any]) -> Answer:
        attributes = asked["attributes"]
        if asked["type"] != "nodes" or attributes.get("category") != "project" or not attributes.get("title"):
            return 400, {"errors": [{"detail": "This field may not be blank."}]}
        key = next(self._ids)
        files = {"links": {"related": {"href": f"{self.api}/nodes/{key}/files/", "meta": {}}}}
        made = {
            "id": key,
            "type": "nodes",
            "attributes": {"tags": [], "public": False, **attributes},
            "relationships": {"files": files},
            "links": {"html": f"https://osf.io/{key}/"},
        }
        self.projects[key] = made
        return 201, {"data": made}

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


class _Door(BaseHTTPRequestHandler):
    """One call over the line."""

    osf: Framework
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.close_connection = True
        answer = self.osf.handle(self.command, self.path, self.headers, body)
        if answer is None:
            return
        status, told = answer
        raw = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `calls`."""
