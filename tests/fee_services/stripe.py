"""A fake of Stripe: Checkout Sessions over its API on loopback, and the webhooks that it signs."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

KEY = "sk_test_51petri"
SECRET = "whsec_petri"


class Stripe:
    """A fake account. `with Stripe.running() as stripe: ... stripe.url`."""

    def __init__(self) -> None:
        self.url = ""
        #: Checkout Sessions by id, and the requests that made them by idempotency key.
        self.sessions: dict[str, dict[str, str]] = {}
        self.by_token: dict[str, tuple[dict[str, str], str]] = {}
        #: Answers that come instead of the next ones: a status and a body.
        self.faults: deque[tuple[int, bytes]] = deque()
        self._lock = threading.Lock()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Stripe]:
        stripe = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_StripeHandler,), {"stripe": stripe}))
        server.daemon_threads = False
        stripe.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stripe
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        with self._lock:
            if self.faults:
                return self.faults.popleft()
            if headers.get("Authorization") != f"Bearer {KEY}":
                return 401, _error(f"Invalid API Key provided: {headers.get('Authorization')}")
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if path != "/v1/checkout/sessions" or form.get("mode") != "payment":
                return 404, _error("Unrecognized request URL")
            token = headers["Idempotency-Key"]
            known = self.by_token.get(token)
            if known is not None and known[0] != form:
                return 400, _error("Keys for idempotent requests can only be used with the same parameters.")
            session = known[1] if known is not None else f"cs_test_{len(self.sessions) + 1}"
            self.by_token[token] = form, session
            self.sessions[session] = form
            found = {
                "id": session,
                "object": "checkout.session",
                "url": f"https://checkout.example/{session}",
            }
            return 200, json.dumps(found).encode()

    def completed(self, session: str, *, status: str = "paid", kind: str = "completed") -> bytes:
        """Return the event about a session that the customer has completed."""
        form = self.sessions[session]
        return _event(
            f"checkout.session.{kind}",
            {
                "id": session,
                "object": "checkout.session",
                "client_reference_id": form["client_reference_id"],
                "metadata": {"petri": form["metadata[petri]"]},
                "payment_status": status,
                "payment_intent": f"pi_{session}",
                "currency": form["line_items[0][price_data][currency]"],
                "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
            },
        )

    def refunded(self, session: str, *, whole: bool = True) -> bytes:
        """Return the event about a charge that was paid back, wholly or in part."""
        form = self.sessions[session]
        amount = int(form["line_items[0][price_data][unit_amount]"])
        return _event(
            "charge.refunded",
            {
                "id": f"ch_{session}",
                "object": "charge",
                "metadata": {"petri": form["payment_intent_data[metadata][petri]"]},
                "payment_intent": f"pi_{session}",
                "refunded": whole,
                "currency": form["line_items[0][price_data][currency]"],
                "amount_refunded": amount if whole else amount // 2,
            },
        )


def signature(
    body: bytes, at: datetime, secret: str = SECRET, timestamp: str | None = None
) -> dict[str, str]:
    """Return the header with which Stripe signs a webhook."""
    t = str(int(at.timestamp())) if timestamp is None else timestamp
    signed = hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={t},v1={signed},v0=ignored"}


def _event(event_type: str, found: dict[str, Any]) -> bytes:
    return json.dumps(
        {"id": "evt_1", "object": "event", "type": event_type, "data": {"object": found}}
    ).encode()


def _error(message: str) -> bytes:
    return json.dumps({"error": {"type": "invalid_request_error", "message": message}}).encode()


class _StripeHandler(BaseHTTPRequestHandler):
    stripe: Stripe

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = self.stripe.answer(self.path, self.headers, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""
