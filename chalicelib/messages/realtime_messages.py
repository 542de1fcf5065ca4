"""Messages about waiting rooms, running groups, channels and timers."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type(formerly="group")
@immutable()
class FormRooms(MessageBody):
    """Form rooms of the participants in the lobby."""

    kind: ClassVar[str] = "form_rooms"
    lane: ClassVar[Lane] = Lane.REALTIME


@message_type(formerly="announce")
@immutable()
class BroadcastCounts(MessageBody):
    """Send waiting participants the state of their rooms."""

    kind: ClassVar[str] = "broadcast_counts"
    lane: ClassVar[Lane] = Lane.REALTIME


@message_type()
@immutable()
class RingDashboards(MessageBody):
    """Tell the open pages of the dashboard that something has changed."""

    kind: ClassVar[str] = "ring_dashboards"
    lane: ClassVar[Lane] = Lane.REALTIME


@message_type(formerly="room_opened")
@immutable()
class SendOpeningState(MessageBody):
    """Call `room_opened`, and send the room's members its opening state."""

    kind: ClassVar[str] = "send_opening_state"
    lane: ClassVar[Lane] = Lane.REALTIME

    room: int


@message_type(formerly="standing")
@immutable()
class SendRoomState(MessageBody):
    """Send one participant the state of their room."""

    kind: ClassVar[str] = "send_room_state"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="waited_long")
@immutable()
class WaitingTimeout(MessageBody):
    """Release a participant who has waited for `waiting_timeout`."""

    kind: ClassVar[str] = "waiting_timeout"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="one_too_many")
@immutable()
class RejectOverflow(MessageBody):
    """Release a participant for whom no seat is left."""

    kind: ClassVar[str] = "reject_overflow"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="gone")
@immutable()
class CheckDisconnected(MessageBody):
    """Check whether a participant whose socket closed has reconnected."""

    kind: ClassVar[str] = "check_disconnected"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int
    since: str


@message_type()
@immutable()
class EndGroup(MessageBody):
    """Release the members of a dropout's group, with pay."""

    kind: ClassVar[str] = "end_group"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly=("recruit_replacement", "stand_in"))
@immutable()
class StartReplacementBot(MessageBody):
    """Start a bot that replaces a disconnected participant."""

    kind: ClassVar[str] = "start_replacement_bot"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type(formerly="whisper")
@immutable()
class SendToParticipants(MessageBody):
    """Send data to certain participants only, on all their open sockets."""

    kind: ClassVar[str] = "send_to_participants"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_ids: tuple[int, ...]
    channel: str
    data: Any


@message_type()
@immutable()
class Publish(MessageBody):
    """Send data to all subscribers of a channel."""

    kind: ClassVar[str] = "publish"
    lane: ClassVar[Lane] = Lane.REALTIME

    channel: str
    data: Any


@message_type(formerly="heard")
@immutable()
class ChannelMessage(MessageBody):
    """Pass a channel's message to the experiment."""

    kind: ClassVar[str] = "channel_message"
    lane: ClassVar[Lane] = Lane.REALTIME

    channel: str
    data: str
    #: The sender; None for a client that isn't a participant.
    participant_id: int | None
    time: str = ""


@message_type(formerly="control")
@immutable()
class ControlEvent(MessageBody):
    """Publish events on the control channel: sockets that connected, disconnected or changed channels."""

    kind: ClassVar[str] = "control_event"
    lane: ClassVar[Lane] = Lane.REALTIME

    events: tuple[dict[str, Any], ...]
    time: str = ""


@message_type()
@immutable()
class PostMore(MessageBody):
    """Post messages that were too many for their own commit."""

    kind: ClassVar[str] = "post_more"
    lane: ClassVar[Lane] = Lane.REALTIME

    #: Each with its `body` and the time when it is `due`.
    messages: tuple[dict[str, Any], ...]


@message_type(formerly="timer")
@immutable()
class RunTimer(MessageBody):
    """Call a method of the experiment that `after` named."""

    kind: ClassVar[str] = "run_timer"
    lane: ClassVar[Lane] = Lane.REALTIME

    method: str
    arguments: dict[str, Any]
    #: The number of timers before this one, each set by the one before.
    chain: int = 0
