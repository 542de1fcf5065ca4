"""The lanes of messages: real-time messages have a queue of their own."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """A queue with its own consumers: a burst in one lane doesn't delay the other."""

    #: Payments, recruitment, recruiters' reports, reviews, deadlines: a delay of a minute is harmless.
    WORK = "work"
    #: Channels, timers, waiting rooms, presence: a participant sees each second of delay.
    REALTIME = "realtime"
