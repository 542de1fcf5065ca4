"""Calls the platform's handlers as AWS would, and counts each request, frame, message and tick."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from chalicelib.errors import ExperimentError
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.services import App
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.workers import queue_consumer, scheduler
from infra.lambda_events.gateway import HttpRequest, proxy_event
from infra.lambda_events.responses import ProxyResponse, error_response
from infra.lambda_events.socket_events import STAGE, Visit, connect_event, disconnect_event, message_event
from infra.local.lifecycle.run import chalice_app
from infra.local.serial_dispatcher import LocalContext, SerialDispatcher

from .counting_engine import CountingEngine
from .tally import AwsUsage
from .timeline import Timeline

T = TypeVar("T")

OK = 200
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Platform:
    """Petri's handlers for one app, in simulated time."""

    def __init__(
        self, app: App, engine: CountingEngine, channels: LocalChannels, timeline: Timeline, tally: AwsUsage
    ) -> None:
        """`app`: built with `engine`, `channels`, and `timeline` as its clock."""
        self.app = app
        self.channels = channels
        self._engine = engine
        self._timeline = timeline
        self._tally = tally
        self._sockets = itertools.count(1)
        self._dispatcher = SerialDispatcher(chalice_app())
        self._handlers = _socket_handlers()

    # Requests

    def answer(
        self, method: str, path: str, query: str, body: str, headers: Mapping[str, str]
    ) -> ProxyResponse:
        """Process a request of a page."""
        match = self._dispatcher.routes.match(path)
        if match is None or method not in match.methods:
            return error_response(
                404, "not_found", f"No route exists for {method} {path}; check the address."
            )
        sent = ((name.lower().encode(), value.encode()) for name, value in {**FORM, **headers}.items())
        request = HttpRequest(method, path, query.encode(), tuple(sent), body.encode(), "127.0.0.1")
        with self._function():
            answer = self._dispatcher.invoke(proxy_event(request, match, ()))
        self._tally.request(len(path) + len(query) + len(body), len(answer.body))
        return answer

    def take_file(self, address: str, content: bytes) -> None:
        """Take an uploaded file, as S3 does, without a function."""
        if not isinstance(self.app.files, FolderFiles):
            raise ExperimentError("This simulation has no place for uploaded files.")
        with self.app.files.receive(address.removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()

    # Sockets

    def connect(self, query: str) -> tuple[Visit, tuple[int, str]]:
        """Open a socket; return it with the status and body of the response."""
        request = HttpRequest("GET", "/chat", query.encode(), (), b"", "127.0.0.1")
        visit = Visit(f"{next(self._sockets):015}=", request, int(self._timeline.now().timestamp() * 1000))
        with self._function():
            answer = self._handlers["$connect"](connect_event(visit), LocalContext(visit.id))
        self._tally.connection()
        return visit, (int(answer.get("statusCode", OK)), str(answer.get("body") or "{}"))

    def frame(self, visit: Visit, text: str) -> None:
        """Process a frame of a page."""
        self._tally.frame_in(len(text.encode()))
        with self._function():
            self._handlers["$default"](message_event(visit, text), LocalContext(visit.id))

    def disconnect(self, visit: Visit, code: int) -> None:
        """Process the end of a socket."""
        with self._function():
            self._handlers["$disconnect"](disconnect_event(visit, code, ""), LocalContext(visit.id))

    # Messages, notifications and the clock

    def run(self, operation: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Run an operation as a separate function invocation."""
        with self._function():
            return self.app.run(operation, *arguments, **options)

    def tick(self) -> None:
        """Run one tick of the clock."""
        self._tally.counts["clock_ticks"] += 1
        with self._function():
            scheduler.tick()

    def consume(self, event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Process an event of SQS."""
        with self._function():
            return queue_consumer.consume(event)

    @contextmanager
    def _function(self) -> Iterator[None]:
        """Count the with block as one Lambda invocation."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._tally.invocation(self._timeline.seconds, time.perf_counter() - began)
            self._tally.dynamodb(self._engine.take_counts())


def _socket_handlers() -> Mapping[str, Callable[..., Any]]:
    app = chalice_app()
    # Without this, Chalice requires a region for sending, which isn't used here.
    app.websocket_api.configure("localhost", STAGE)
    return {route: app.handler_map[declared.name] for route, declared in app.websocket_handlers.items()}
