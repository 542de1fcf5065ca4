"""A small Chalice app and a running host, for tests of the local host alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalice.app import Chalice, Response

from infra.lambda_events.gateway import HttpRequest
from infra.local.allowed_hosts import AllowedHosts
from infra.local.connection_limits import Connections
from infra.local.dashboard.read_pool import ReadPool
from infra.local.host import Host
from infra.local.serial_dispatcher import SerialDispatcher
from infra.local.static_pages import Pages
from infra.local.uploads.file_exchange import FileExchange
from infra.local.uvicorn_server import listen, serve, url_of

FORM = "application/x-www-form-urlencoded"


def toy_app() -> Chalice:
    app = Chalice("toy", configure_logs=False)
    app.open_places = 0

    @app.route("/summary")
    def summary() -> dict[str, Any]:
        return {"status": "success"}

    @app.route(
        "/echo/{word}",
        methods=["GET", "POST"],
        content_types=[FORM, "application/json", "application/octet-stream"],
    )
    def echo(word: str) -> dict[str, Any]:
        request = app.current_request
        query = request.query_params
        return {
            "word": word,
            "query": None if query is None else {name: query.getlist(name) for name in query},
            "body": request.raw_body.decode("utf-8", "replace"),
        }

    @app.route("/image", methods=["GET"])
    def image() -> Response:
        return Response(b"\x89PNG", headers={"Content-Type": "image/png"})

    @app.route("/cookies")
    def cookies() -> Response:
        return Response({}, headers={"Set-Cookie": ["a=1", "b=2"]})

    @app.route("/node/{node_id}", methods=["POST"], content_types=[FORM])
    def join(node_id: str) -> Response:
        if app.open_places == 0:
            return Response({"error_code": "network_busy"}, status_code=503, headers={"Retry-After": "1"})
        app.open_places -= 1
        return Response({"node": node_id})

    @app.route("/info/{node_id}", methods=["POST"], content_types=[FORM])
    def answer(node_id: str) -> dict[str, Any]:
        app.open_places += 1
        return {"node": node_id}

    return app


def request_to(
    path: str,
    *,
    method: str = "GET",
    query: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    body: bytes = b"",
) -> HttpRequest:
    return HttpRequest(method, path, query, headers, body, address="192.0.2.7")


def find_page(root: Path, path: str) -> Path | None:
    name = path.strip("/")
    for candidate in (root / name, root / f"{name}.html"):
        if name and ".." not in name and candidate.is_file():
            return candidate
    return None


@contextmanager
def running(
    app: Chalice,
    site: Path,
    *,
    hold: float = 1.0,
    connections: Connections | None = None,
    names: AllowedHosts | None = None,
    files: FileExchange | None = None,
    reads: ReadPool | None = None,
) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    host = Host(SerialDispatcher(app, hold=hold), Pages(site, find_page), names=names, files=files)
    host.reads = reads
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(serve(host, listener, stop, connections))
    )
    thread.start()
    try:
        yield url_of(listener)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
