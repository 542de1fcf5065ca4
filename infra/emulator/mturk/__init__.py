"""A Mechanical Turk emulator on loopback for the real client: rules, workers, events, faults and books."""

from __future__ import annotations

from .faults import Fault, Faults
from .post import TOPIC, EventDelivery, posting_to
from .signing import Signer
from .standin import ACCESS_KEY, SECRET_KEY, MTurkStandIn
from .things import Books, HandClock, TurkError, TurkPayment

__all__ = [
    "ACCESS_KEY",
    "SECRET_KEY",
    "TOPIC",
    "Books",
    "EventDelivery",
    "Fault",
    "Faults",
    "HandClock",
    "MTurkStandIn",
    "Signer",
    "TurkError",
    "TurkPayment",
    "posting_to",
]
