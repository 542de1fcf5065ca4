"""Builds entry URLs, for recruiters that create their own ids."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlencode


def entry_addresses(base: Callable[[], str], recruiter: str, mode: str, n: int) -> list[str]:
    """Return n ad addresses with fresh random ids."""
    return [f"{base()}/ad?{urlencode(entry_ids(recruiter, mode))}" for _ in range(n)]


def entry_ids(recruiter: str, mode: str) -> dict[str, str]:
    """Return a new set of ids for an ad address."""
    return {
        "recruiter": recruiter,
        "assignmentId": f"{mode}{secrets.token_hex(6)}",
        "hitId": f"{mode}{secrets.token_hex(4)}",
        "workerId": f"{mode}{secrets.token_hex(6)}",
        "mode": mode,
    }
