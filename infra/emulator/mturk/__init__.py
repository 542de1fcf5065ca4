"""Mechanical Turk played on loopback, for the real client: rules, workers, events, faults and books."""

from __future__ import annotations

from .faults import Fault, Faults
from .post import TOPIC, Post, posting_to
from .signing import Signer
from .standin import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from .things import Books, HandClock, Paid, TurkError

__all__ = [
    "ACCESS_KEY",
    "SECRET_KEY",
    "TOPIC",
    "Books",
    "Fault",
    "Faults",
    "HandClock",
    "MTurkStandIn",
    "Paid",
    "Post",
    "Signer",
    "TurkError",
    "posting_to",
]
