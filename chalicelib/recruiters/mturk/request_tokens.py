"""Derives request tokens, markers and annotations by which Petri finds its calls at Mechanical Turk again."""

from __future__ import annotations

import hashlib

#: Mechanical Turk accepts tokens of at most 64 characters.
_TOKEN = 40
_MARK = 12


def request_token(*parts: str) -> str:
    """Return a UniqueRequestToken for one call: the same for the same parts, in this run only."""
    return _digest(parts)[:_TOKEN]


def mark(*parts: str) -> str:
    """Return a short marker that people can read."""
    return _digest(parts)[:_MARK]


def seconds_of_an_hour(app_id: str) -> int:
    """Return a number below 3,600 that almost always differs between runs."""
    return int(_digest((app_id,))[:8], 16) % 3600


def run_annotation(app_id: str) -> str:
    """Return the prefix of the annotations of a run's HITs."""
    return f"petri:{app_id}:"


def annotation(app_id: str, kind: str, token: str) -> str:
    """Return the RequesterAnnotation of a HIT; workers don't see it."""
    return f"{run_annotation(app_id)}{kind}:{mark(app_id, token)}"


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
