"""The Open Science Framework on loopback, as far as a launch speaks to it."""

from __future__ import annotations

from .standin import TOKEN, Framework

__all__ = ["TOKEN", "Framework"]
