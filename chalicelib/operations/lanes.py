"""Which queue carries a message: real-time messages have a queue of their own."""

from __future__ import annotations

from chalicelib.messages import Lane, lane_of

__all__ = ["Lane", "lane_of"]
