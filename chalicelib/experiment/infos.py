"""Defines the stock infos."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.model.info import Info


class Gene(Info):
    """An info that is inherited: copied from parent to child, whatever its use."""

    type = "gene"


class Meme(Info):
    """An info that is learned from others."""

    type = "meme"


class State(Info):
    """The state of an environment at one time."""

    type = "state"


class TrackingEvent(Info):
    """An event that a page reports, which isn't sent by default and doesn't count as an answer."""

    type = "tracking"
    is_tracking: ClassVar[bool] = True


__all__ = ["Gene", "Info", "Meme", "State", "TrackingEvent"]
