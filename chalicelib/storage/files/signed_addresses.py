"""Signs the addresses at which the server of a local run takes and sends files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from typing import Any

from chalicelib.errors import Forbidden
from chalicelib.ports import Clock


class SignedAddresses:
    """Signs addresses, which are valid for a limited time and in this process alone."""

    def __init__(self, clock: Clock) -> None:
        """`clock`: decides when an address has expired."""
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def sign(self, facts: dict[str, Any], valid_for: timedelta) -> str:
        """Return a token with some facts, which can be part of an address."""
        until = (self._clock.now() + valid_for).timestamp()
        body = base64.urlsafe_b64encode(json.dumps({**facts, "until": until}).encode()).decode().rstrip("=")
        return f"{body}.{self._signature(body)}"

    def facts(self, token: str, purpose: str) -> dict[str, Any]:
        """Return the facts of a token; Forbidden for one that is invalid, expired or for another purpose."""
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise Forbidden("This address isn't valid; choose the file again.", code="upload_not_granted")
        facts: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        if purpose not in facts or facts["until"] < self._clock.now().timestamp():
            raise Forbidden("This address has expired; choose the file again.", code="upload_expired")
        return facts

    def _signature(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()
