"""A fake of Prolific on loopback: its API, participants, webhooks and payments."""

from __future__ import annotations

from .faults import Fault
from .standin import Prolific
from .world import TOKEN, WORKSPACE

__all__ = ["TOKEN", "WORKSPACE", "Fault", "Prolific"]
