"""What happens in waiting rooms, in running groups, on channels and by timers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type(formerly="group")
@dataclass(frozen=True)
class FormRooms(MessageBody):
    """Form rooms of the participants who wait."""

    kind: ClassVar[str] = "form_rooms"
    lane: ClassVar[Lane] = Lane.REALTIME


@message_type(formerly="announce")
@dataclass(frozen=True)
class BroadcastCounts(MessageBody):
    """Tell the participants who wait how far their rooms are."""

    kind: ClassVar[str] = "broadcast_counts"
    lane: ClassVar[Lane] = Lane.REALTIME


@message_type(formerly="room_opened")
@dataclass(frozen=True)
class SendOpeningState(MessageBody):
    """Call `room_opened`, and tell the room's members that they begin."""

    kind: ClassVar[str] = "send_opening_state"
    lane: ClassVar[Lane] = Lane.REALTIME

    room: int


@message_type(formerly="standing")
@dataclass(frozen=True)
class SendRoomState(MessageBody):
    """Tell one participant how far their room is."""

    kind: ClassVar[str] = "send_room_state"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="waited_long")
@dataclass(frozen=True)
class WaitingTimeout(MessageBody):
    """Let a participant go who has waited for `waiting_timeout`."""

    kind: ClassVar[str] = "waiting_timeout"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="one_too_many")
@dataclass(frozen=True)
class RejectOverflow(MessageBody):
    """Send a participant home for whom no seat is left."""

    kind: ClassVar[str] = "reject_overflow"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="gone")
@dataclass(frozen=True)
class CheckDisconnected(MessageBody):
    """Check whether a participant whose socket closed has come back."""

    kind: ClassVar[str] = "check_disconnected"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int
    since: str


@message_type()
@dataclass(frozen=True)
class EndGroup(MessageBody):
    """Let everyone go, with pay, who is in one group with a participant who is gone."""

    kind: ClassVar[str] = "end_group"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="stand_in")
@dataclass(frozen=True)
class RecruitReplacement(MessageBody):
    """Start a bot that plays on for a participant who is gone."""

    kind: ClassVar[str] = "recruit_replacement"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="whisper")
@dataclass(frozen=True)
class SendToParticipants(MessageBody):
    """Send data to some participants only, on whatever sockets they have open."""

    kind: ClassVar[str] = "send_to_participants"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_ids: tuple[int, ...]
    channel: str
    data: Any


@message_type()
@dataclass(frozen=True)
class Publish(MessageBody):
    """Send data to everyone who listens on a channel."""

    kind: ClassVar[str] = "publish"
    lane: ClassVar[Lane] = Lane.REALTIME

    channel: str
    data: Any


@message_type(formerly="heard")
@dataclass(frozen=True)
class ChannelMessage(MessageBody):
    """Pass on to the experiment what was said on a channel."""

    kind: ClassVar[str] = "channel_message"
    lane: ClassVar[Lane] = Lane.REALTIME

    channel: str
    data: str
    #: Who said it; None: a client that takes no part.
    participant_id: int | None
    time: str = ""


@message_type(formerly="control")
@dataclass(frozen=True)
class ControlEvent(MessageBody):
    """Tell the control channel about sockets that came, went or changed channels."""

    kind: ClassVar[str] = "control_event"
    lane: ClassVar[Lane] = Lane.REALTIME

    events: tuple[dict[str, Any], ...]
    time: str = ""


@message_type()
@dataclass(frozen=True)
class PostMore(MessageBody):
    """Post messages that were too many for the commit that they belong to."""

    kind: ClassVar[str] = "post_more"
    lane: ClassVar[Lane] = Lane.REALTIME

    #: Each with its `body` and the moment when it is `due`.
    messages: tuple[dict[str, Any], ...]


@message_type(formerly="timer")
@dataclass(frozen=True)
class RunTimer(MessageBody):
    """Call a method of the experiment that `after` asked for."""

    kind: ClassVar[str] = "run_timer"
    lane: ClassVar[Lane] = Lane.REALTIME

    method: str
    arguments: dict[str, Any]
    #: How many timers ran before, each set by the one before.
    chain: int = 0
