"""Prolific's webhooks: signed as documented, and delivered as a test chooses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from .world import World


@dataclass(frozen=True)
class Hook:
    """One request to a subscriber."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Outgoing:
    """Queues events; a test takes them in order, or loses, duplicates, delays and shuffles them."""

    world: World
    events: list[dict[str, Any]] = field(default_factory=list)

    def note(self, submission: dict[str, Any]) -> None:
        """Queue the event of a submission's change."""
        self.events.append(
            {
                "resource_id": submission["id"],
                "event_type": "submission.status.change",
                "participant_id": submission["participant_id"],
                "status": self.world.spell(submission["status"]),
            }
        )

    def take(self) -> list[Hook]:
        """Sign the queued events, return them, and empty the queue."""
        waiting, self.events[:] = list(self.events), []
        return [self.sign(event) for event in waiting]

    def sign(self, event: dict[str, Any], secret: str | None = None) -> Hook:
        """Sign an event with the workspace's secret, or with another."""
        body = json.dumps(event).encode()
        timestamp = str(int(self.world.now().timestamp()))
        key = secret if secret is not None else self.world.secrets[-1]["value"]
        digest = hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "X-Prolific-Request-Timestamp": timestamp,
            "X-Prolific-Request-Signature": base64.b64encode(digest).decode(),
            "X-Event-ID": self.world.new_id("event"),
        }
        return Hook(headers, body)
