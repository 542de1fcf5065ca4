"""A fake of the parts of the Open Science Framework that a launch uses, on loopback."""

from __future__ import annotations

from .standin import TOKEN, Framework

__all__ = ["TOKEN", "Framework"]
