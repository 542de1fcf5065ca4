"""Recognizes requests that came through the distribution of the dashboard, which sends a secret header.

A deployed app has one REST API for all its routes. Pages of the experiment run authors' scripts, so their
distribution doesn't lead to the dashboard and to /api/v1, and neither does the API's own address.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from typing import Final

#: CloudFront replaces the value that a client sends under this name.
ORIGIN_HEADER: Final = "X-Petri-Origin"

#: Returns the keys that are valid now; reading them may take a call.
OriginKeys = Callable[[], Collection[str]]


def is_from_own_host(headers: Mapping[str, str], keys: OriginKeys) -> bool:
    """Whether a request came through the dashboard's distribution; compares in constant time."""
    sent = (headers.get(ORIGIN_HEADER) or "").encode()
    if not sent:
        return False
    return any(hmac.compare_digest(sent, key.encode()) for key in keys())
