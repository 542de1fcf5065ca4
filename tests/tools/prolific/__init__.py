"""A stand-in for Prolific: its API on loopback, its participants, its webhooks and its books."""

from __future__ import annotations

from .faults import Fault
from .standin import Prolific
from .world import TOKEN, WORKSPACE

__all__ = ["TOKEN", "WORKSPACE", "Fault", "Prolific"]
