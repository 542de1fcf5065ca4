"""Which queue carries a message: real-time messages have a queue of their own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Lane(StrEnum):
    """A queue with its own consumers: a burst in one lane doesn't delay the other."""

    #: Payments, recruiting, reports of recruiters, reviews, deadlines: a delay of a minute is harmless.
    WORK = "work"
    #: Channels, timers, waiting rooms, presence: a participant sees each second of delay.
    REALTIME = "realtime"


#: The lane of each kind of message. Every kind that has a handler needs an entry; a test compares them.
LANES: Final[Mapping[str, Lane]] = {
    # Reports of recruiters; SNS delivers `report` into the queue of the work lane.
    "report": Lane.WORK,
    "notification": Lane.WORK,
    "offer": Lane.WORK,
    # The end of a participation, and what is owed for it.
    "submitted": Lane.WORK,
    "task_completed": Lane.WORK,
    "gave_up": Lane.WORK,
    "judge": Lane.WORK,
    "follow_up": Lane.WORK,
    "qualify": Lane.WORK,
    "pay": Lane.WORK,
    # Deadlines.
    "deadline": Lane.WORK,
    "fate": Lane.WORK,
    # Recruiting, and mail to the operator.
    "recruiting": Lane.WORK,
    "open_places": Lane.WORK,
    "stop_recruiter": Lane.WORK,
    "tell_operator": Lane.WORK,
    # Waiting rooms: forming and opening rooms, and telling the participants who wait.
    "group": Lane.REALTIME,
    "announce": Lane.REALTIME,
    "standing": Lane.REALTIME,
    "room_opened": Lane.REALTIME,
    "waited_long": Lane.REALTIME,
    "one_too_many": Lane.REALTIME,
    # Channels.
    "publish": Lane.REALTIME,
    "whisper": Lane.REALTIME,
    "heard": Lane.REALTIME,
    "control": Lane.REALTIME,
    # Presence, and what happens to a room when a member is gone.
    "gone": Lane.REALTIME,
    "end_group": Lane.REALTIME,
    "stand_in": Lane.REALTIME,
    # Posts many messages, each into its own lane.
    "post_more": Lane.REALTIME,
    # Timers of the experiment.
    "timer": Lane.REALTIME,
}


def lane_of(body: Mapping[str, Any]) -> Lane:
    """Return the lane of a message body; a kind of another version of Petri takes the work lane."""
    return LANES.get(str(body.get("kind")), Lane.WORK)
