"""The fake as tests use it: start it, act as its participants, read its payments."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.ports import Clock

from .faults import Faults
from .routes import Routes
from .webhooks import Outgoing
from .world import TOKEN, Refusal, World

PREFIX = "/api/v1"


class Prolific:
    """A fake Prolific server. `with Prolific.running(clock) as prolific: ... prolific.api`."""

    def __init__(self, clock: Clock) -> None:
        self.world = World(clock.now)
        self.hooks = Outgoing(self.world)
        self.world.on_change = self.hooks.note
        self.faults = Faults()
        #: Every received call: method and path.
        self.calls: list[tuple[str, str]] = []
        self.api = ""
        self._routes = Routes(self.world, lambda: self.api)
        self._lane = threading.RLock()

    @classmethod
    @contextmanager
    def running(cls, clock: Clock) -> Iterator[Prolific]:
        prolific = cls(clock)
        server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Door", (_RequestHandler,), {"prolific": prolific})
        )
        server.daemon_threads = False
        prolific.api = f"http://127.0.0.1:{server.server_port}{PREFIX}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield prolific
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def handle(self, method: str, path: str, body: dict[str, Any], query: dict[str, str]) -> Any:
        """Handle a call; None means that no response is sent."""
        with self._lane:
            self.calls.append((method, path))
            fault = self.faults.take(method, path)
            if fault == "500":
                return 500, {"error": {"detail": "Something went wrong."}}, {}
            if fault == "429":
                return 429, {"error": {"detail": "Too many requests."}}, {}
            if fault == "dropped before":
                return None
            try:
                answer: Any = self._routes.answer(method, path, body, query)
            except Refusal as refusal:
                answer = refusal.status, {"error": {"detail": refusal.detail}}, {}
            if fault == "dropped after":
                return None
            if fault == "garbled":
                return answer[0], "<html>", answer[2]
            return answer[0], spelled(answer[1], self.world.spell), answer[2]

    # -- participants

    def begin(self, worker_id: str, study_id: str | None = None) -> str:
        """Start a submission to an open study as a participant; return its id."""
        with self._lane:
            study = self.world.study(study_id or self.open_studies()[0])
            if study["status"] != "ACTIVE" or study["places_taken"] >= study["total_available_places"]:
                raise AssertionError(f"Study {study['id']} has no place.")
            found = {
                "id": self.world.new_id("sub"),
                "study_id": study["id"],
                "participant_id": worker_id,
                "status": "RESERVED",
                "entered_code": None,
            }
            self.world.submissions[found["id"]] = found
            self.world.set_status(found, "ACTIVE")
            return str(found["id"])

    def come_back(self, submission_id: str, address: str) -> None:
        """Return through an exit URL, whose completion code submits the submission."""
        with self._lane:
            found = self.world.submission(submission_id)
            if found["status"] == "ACTIVE":
                found["entered_code"] = dict(parse_qsl(urlsplit(address).query)).get("cc", "NOCODE")
                self.world.set_status(found, "AWAITING REVIEW")

    def give_back(self, submission_id: str) -> None:
        self._leave(submission_id, "RETURNED")

    def time_out(self, submission_id: str) -> None:
        self._leave(submission_id, "TIMED-OUT")

    def reject(self, submission_id: str) -> None:
        """Reject a submission as a researcher."""
        self._leave(submission_id, "REJECTED")

    def _leave(self, submission_id: str, status: str) -> None:
        with self._lane:
            self.world.set_status(self.world.submission(submission_id), status)

    # -- what tests read

    def open_studies(self) -> list[str]:
        return [s["id"] for s in self.world.studies.values() if s["status"] == "ACTIVE"]

    def open_places(self) -> int:
        """The number of participants who could start now."""
        return sum(
            self.world.study(key)["total_available_places"] - self.world.taken(key)
            for key in self.open_studies()
        )

    def books(self) -> Counter[tuple[str, str, Decimal]]:
        """All payments (kind, submission, dollars), each with its count."""
        return Counter((p.kind, p.submission_id, Decimal(p.cents) / 100) for p in self.world.paid)

    def settle_after(self, **duration: float) -> None:
        """Make bonuses visible only this long after their payment."""
        self.world.settles = timedelta(**duration)

    def now(self) -> datetime:
        return self.world.now()


def spelled(body: Any, spell: Callable[[str], str]) -> Any:
    """Return a response in which each status is spelled differently."""
    if isinstance(body, list):
        return [spelled(each, spell) for each in body]
    if not isinstance(body, dict):
        return body
    return {
        name: spell(value) if name == "status" and isinstance(value, str) else spelled(value, spell)
        for name, value in body.items()
    }


class _RequestHandler(BaseHTTPRequestHandler):
    """Handles one HTTP request."""

    prolific: Prolific
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        self.close_connection = True
        target = urlsplit(self.path)
        if self.headers.get("Authorization") != f"Token {TOKEN}":
            self._send((401, {"error": {"detail": "Invalid token."}}, {}))
            return
        answer = self.prolific.handle(
            self.command,
            target.path.removeprefix(PREFIX),
            json.loads(raw) if raw else {},
            dict(parse_qsl(target.query)),
        )
        if answer is not None:
            self._send(answer)

    do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - names that http.server calls

    def _send(self, answer: tuple[int, Any, dict[str, str]]) -> None:
        status, body, headers = answer
        raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            **headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(raw)),
        }.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: tests read `calls`."""
