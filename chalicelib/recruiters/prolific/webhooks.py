"""Subscribes to Prolific's webhooks, verifies and parses them.

Sources: docs.prolific.com, "Subscribing", "Receiving", "Verifying", "Event Delivery & Retry Logic" (12
attempts in 24 hours), "Idempotency and the X-Event-ID Header" (at least once), "Handling event order with
X-Timestamp" (in any order).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import BadRequest, Forbidden
from chalicelib.ports import Clock

from .client import ProlificClient, status_in
from .submissions import SubmissionReport, report_for_status

logger = logging.getLogger("petri.prolific")

SUBMISSION_CHANGED = "submission.status.change"
SIGNATURE, TIMESTAMP = "x-prolific-request-signature", "x-prolific-request-timestamp"
#: How far the sender's clock and ours may differ. Each delivery has a new signature, so an older one is a
#: replay.
FRESH = timedelta(minutes=5)
#: How long a workspace's secret is cached.
KEPT = timedelta(minutes=10)
#: After an invalid signature the secret is fetched again, in case it was replaced, but not more often than
#: this.
ASK_AGAIN = timedelta(minutes=1)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a body was signed with the secret: base64 of HMAC-SHA256 over timestamp and body."""
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not (timestamp and signature):
        return False
    return any(
        hmac.compare_digest(_signature(secret, timestamp, signed), signature.encode())
        for signed in (body, _rewritten(body))
    )


def _signature(secret: str, timestamp: str, body: bytes) -> bytes:
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest)


def _rewritten(body: bytes) -> bytes:
    """The body as Python serializes it: Prolific's example signs that, whatever was sent."""
    try:
        return json.dumps(json.loads(body)).encode()
    except (ValueError, RecursionError):
        return body


def is_fresh(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether a message was sent recently; an older one is a replay."""
    try:
        sent = datetime.fromtimestamp(float(headers.get(TIMESTAMP, "")), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(now - sent) <= FRESH


def read_event(body: bytes) -> SubmissionReport | None:
    """Return the notification in a verified message; None if there is nothing to do."""
    try:
        event = json.loads(body)
        event_type = event["event_type"]
    except (ValueError, TypeError, KeyError) as error:
        raise BadRequest("This isn't an event of Prolific: JSON with an event_type is expected.") from error
    if event_type != SUBMISSION_CHANGED:
        logger.info("Prolific's event %.80r: nothing to do", event_type)
        return None
    submission_id, worker_id = event.get("resource_id"), event.get("participant_id")
    if not isinstance(submission_id, str) or not isinstance(worker_id, str):
        raise BadRequest("Prolific's event names no submission and participant.")
    return report_for_status(submission_id, status_in(event), worker_id)


@dataclass
class Webhooks:
    """Subscribes to a workspace's events, and parses those that arrive."""

    client: ProlificClient
    workspace: str
    clock: Clock
    #: Set when a setting has the secret; otherwise the workspace's is fetched from Prolific.
    secret: str | None = None
    _fetched_at: datetime | None = None
    _known: str | None = None

    def receive(self, headers: Mapping[str, str], body: bytes) -> SubmissionReport | None:
        """Verify a message and return its notification; Forbidden for one that is old or not Prolific's."""
        lower = {name.lower(): value for name, value in headers.items()}
        if not (is_fresh(lower, self.clock.now()) and self._is_signed(lower, body)):
            raise Forbidden("This message isn't signed by Prolific, or is old.", code="unverified_sender")
        return read_event(body)

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        secret = self._current_secret(KEPT)
        if secret is not None and is_signed(secret, headers, body):
            return True
        renewed = self._current_secret(ASK_AGAIN)
        return renewed not in (None, secret) and is_signed(str(renewed), headers, body)

    def _current_secret(self, kept: timedelta) -> str | None:
        if self.secret is not None:
            return self.secret
        now = self.clock.now()
        if self._fetched_at is None or now - self._fetched_at >= kept:
            self._known, self._fetched_at = self._stored_secret(), now
        return self._known

    def _stored_secret(self) -> str | None:
        for stored in self.client.list("/hooks/secrets/", workspace_id=self.workspace):
            if stored.get("workspace_id", self.workspace) == self.workspace and stored.get("value"):
                return str(stored["value"])
        return None

    def subscribe(self, address: str) -> None:
        """Subscribe an address to the workspace's events, once; creates a secret if there is none."""
        if self.secret is None and self._stored_secret() is None:
            self.client.post("/hooks/secrets/", {"workspace_id": self.workspace})
        if not any(self._is_ours(found, address) for found in self._subscriptions()):
            self._make_subscription(address)

    def _subscriptions(self) -> list[dict[str, Any]]:
        return list(self.client.list("/hooks/subscriptions/", workspace_id=self.workspace))

    @staticmethod
    def _is_ours(found: Mapping[str, Any], address: str) -> bool:
        wanted = {"event_type": SUBMISSION_CHANGED, "target_url": address}
        return bool(found.get("is_enabled", True)) and wanted.items() <= dict(found).items()

    def _make_subscription(self, address: str) -> None:
        body = {"workspace_id": self.workspace, "event_type": SUBMISSION_CHANGED, "target_url": address}
        response = self.client.post_with_headers("/hooks/subscriptions/", body)
        subscription = (response.body.get("results") or [response.body])[0]
        confirmation = {"secret": response.headers.get("X-Hook-Secret", "")}
        self.client.post(f"/hooks/subscriptions/{subscription['id']}/", confirmation)
