"""The stock kinds of info."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.model.info import Info


class Gene(Info):
    """What is inherited: copied from parent to child without regard to its use."""

    type = "gene"


class Meme(Info):
    """What is learned from others."""

    type = "meme"


class State(Info):
    """The state of an environment at one moment."""

    type = "state"


class TrackingEvent(Info):
    """What the page reports about itself: kept apart, never sent by default, no answer."""

    type = "tracking"
    is_tracking: ClassVar[bool] = True


__all__ = ["Gene", "Info", "Meme", "State", "TrackingEvent"]
