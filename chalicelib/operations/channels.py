"""Open sockets, who listens to which channel, and who may speak where.

| channel | who may listen | who may speak |
|---|---|---|
| the experiment's `channel`, its `public_channels` | every participant | every participant |
| `quorum` | every participant | the platform |
| `room-<n>` | that room's members | that room's members |
| `network-<id>` | participants with a node in it | the same |
| `participant-<id>` | that participant | the platform |
| `dallinger_control` | the operator | the platform |

The operator may do everything, and so may anybody where tokens are off.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.messages import ChannelMessage, ControlEvent
from chalicelib.model.errors import BadRequest, Forbidden
from chalicelib.model.record import iso
from chalicelib.operations import connections, presence, rooms
from chalicelib.operations.access import check_token
from chalicelib.operations.connections import connection_key, connection_of, subscriber_key
from chalicelib.operations.draws import drawing
from chalicelib.operations.unit import ANYONE, OPERATOR, PARTICIPANT, Unit

CONTROL = "dallinger_control"
QUORUM = "quorum"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
#: API Gateway closes every socket after two hours.
LIFETIME = timedelta(hours=2)
MOST_CHANNELS = 20
#: How many sockets one participant may have open; a reload leaves one behind for a while.
MOST_SOCKETS = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """A text and the connections that get it."""

    text: str
    connection_ids: list[str] = field(default_factory=list)


def connect(
    unit: Unit,
    connection_id: str,
    participant_id: int | None,
    channels: Sequence[str],
    ends: float = math.inf,
) -> list[str]:
    """Take note of a new socket and what it listens to; return the participant's sockets that are too many.

    `ends`: when the token that it was opened with ends, in seconds since 1970.
    """
    if not channels:
        raise BadRequest(
            "Name a channel: /chat?channel=...&participant_id=...&token=...", code="channel_missing"
        )
    if len(channels) > MOST_CHANNELS:
        raise _too_many_channels()
    speaker = _who(unit, participant_id)
    serial = unit.caller.serial if unit.caller.kind == PARTICIPANT else None
    if speaker is not None:
        connections.check_holder(unit, speaker, serial)
    for channel in channels:
        _check_may_listen(unit, speaker, channel)
    expires = int(min((unit.now + LIFETIME).timestamp(), ends))
    for channel in channels:
        _subscribe(unit, connection_id, speaker, channel, expires)
    unit.work.put_item(
        connection_key(connection_id),
        "connection",
        {
            "connection_id": connection_id,
            "participant_id": speaker,
            "serial": serial,
            "channels": list(channels),
            "since": iso(unit.now),
            "seen": iso(unit.now),
            "expires": expires,
        },
    )
    surplus: list[str] = []
    if speaker is not None:
        surplus = presence.oldest_beyond(unit, speaker, MOST_SOCKETS - 1)
        presence.arrived(unit, speaker, connection_id, expires)
    _tell_control(
        unit,
        {"type": "websocket", "event": "connected", "client": _client(connection_id, speaker)},
        *(_channel_event("subscribed", channel, connection_id, speaker) for channel in channels),
    )
    _tell_standing_soon(unit, speaker, channels)
    return surplus


def _tell_standing_soon(unit: Unit, speaker: int | None, channels: Sequence[str]) -> None:
    """Have who has just begun to listen told how far their room is."""
    if QUORUM in channels and speaker is not None:
        rooms.tell_standing_soon(unit, speaker)


def _who(unit: Unit, participant_id: int | None) -> int | None:
    """Return the participant who speaks on a socket; None for the operator's own."""
    if unit.caller.kind in (OPERATOR, ANYONE):
        if participant_id is not None:
            unit.work.participant(participant_id)
        return participant_id
    check_token(unit)
    if participant_id is not None and participant_id != unit.caller.participant_id:
        raise Forbidden(f"Participant {participant_id} is somebody else.", code="not_yours")
    return unit.caller.participant_id


def subscribe(unit: Unit, connection_id: str, channel: str) -> None:
    """Let an open socket listen to one more channel."""
    connection = connections.speaking(unit, connection_id)
    speaker = connection.get("participant_id")
    channels: list[str] = list(connection["channels"])
    if channel in channels:
        return
    if len(channels) >= MOST_CHANNELS:
        raise _too_many_channels()
    _check_may_listen(unit, speaker, channel)
    _subscribe(unit, connection_id, speaker, channel, connection["expires"])
    connections.change(unit, connection, channels=[*channels, channel])
    _tell_control(unit, _channel_event("subscribed", channel, connection_id, speaker))
    _tell_standing_soon(unit, speaker, [channel])


def unsubscribe(unit: Unit, connection_id: str, channel: str) -> None:
    """Let an open socket listen to a channel no longer."""
    connection = connection_of(unit, connection_id)
    channels: list[str] = list(connection["channels"])
    if channel not in channels:
        return
    unit.work.delete_item(subscriber_key(channel, connection_id))
    connections.change(unit, connection, channels=[name for name in channels if name != channel])
    speaker = connection.get("participant_id")
    _tell_control(unit, _channel_event("unsubscribed", channel, connection_id, speaker))


def disconnect(unit: Unit, connection_id: str, patience: float = 0.0) -> None:
    """Forget a socket that has gone; again: nothing.

    `patience`: seconds in which nobody who was on it counts as gone, where it wasn't they who closed it.
    """
    connection = unit.work.item(connection_key(connection_id))
    if connection is None:
        return
    speaker = connection.get("participant_id")
    for channel in connection["channels"]:
        unit.work.delete_item(subscriber_key(channel, connection_id))
    unit.work.delete_item(connection_key(connection_id))
    if speaker is not None:
        presence.left(unit, speaker, connection_id, patience)
    _tell_control(
        unit,
        *(
            _channel_event("unsubscribed", channel, connection_id, speaker)
            for channel in connection["channels"]
        ),
        {"type": "websocket", "event": "disconnected", "client": _client(connection_id, speaker)},
    )


def speak(unit: Unit, connection_id: str, channel: str, data: str) -> Delivery:
    """Say something on a channel; return who has to be sent it. The experiment hears it too."""
    connection = connections.speaking(unit, connection_id)
    speaker = connection.get("participant_id")
    _check_may_speak(unit, connection, channel)
    if experiment_hears(unit, channel):
        if is_immediate(unit, channel):
            hear(unit, channel, data, speaker)
        else:
            unit.work.post(ChannelMessage(channel, data, speaker, iso(unit.now)))
    return Delivery(f"{channel}:{data}", listeners(unit, channel))


def experiment_hears(unit: Unit, channel: str) -> bool:
    """Whether the experiment wants what is said on a channel."""
    own = unit.experiment.channel
    return bool(own) and (
        channel == own or channel.startswith(("room-", "network-")) or is_public(unit, channel)
    )


def is_public(unit: Unit, channel: str) -> bool:
    """Whether everybody who takes part may listen and speak on a channel."""
    return channel == unit.experiment.channel or channel in unit.experiment.public_channels


def is_immediate(unit: Unit, channel: str) -> bool:
    """Whether the experiment hears a channel in the request itself, and not by the queue."""
    immediate = unit.experiment.immediate
    return immediate is True or (immediate is not False and channel in immediate)


def hear(unit: Unit, channel: str, data: str, speaker: int | None) -> None:
    """Let the experiment hear what was said."""
    participant = None if speaker is None else unit.work.participant(speaker)
    nodes = participant.nodes() if participant is not None else []
    with drawing(unit, participant, f"hear|{channel}"):
        unit.experiment.receive_message(
            data,
            channel_name=channel,
            participant=participant,
            node=nodes[-1] if nodes else None,
            receive_time=unit.now,
        )


def listeners(unit: Unit, channel: str) -> list[str]:
    """Return the connections that listen to a channel and haven't expired."""
    now = unit.now.timestamp()
    return [one["connection_id"] for one in unit.work.items(f"channel#{channel}") if one["expires"] > now]


def forget(unit: Unit, connection_ids: Sequence[str]) -> None:
    """Forget connections that turned out to be gone."""
    for connection_id in connection_ids:
        connection = unit.work.item(connection_key(connection_id))
        if connection is not None and not connections.is_young(unit, connection):
            disconnect(unit, connection_id)


def publish(unit: Unit, channel: str, data: str) -> Delivery:
    """Say something on a channel in the platform's name."""
    return Delivery(f"{channel}:{data}", listeners(unit, channel))


def whisper(unit: Unit, participant_ids: Sequence[int], channel: str, data: str) -> Delivery:
    """Say something to some participants only, on whatever sockets they have open."""
    found = [each for one in participant_ids for each in presence.connections(unit, one)]
    return Delivery(f"{channel}:{data}", found)


def tell_standing(unit: Unit, participant_id: int) -> Delivery:
    """Tell somebody how far their room is now."""
    return whisper(unit, [participant_id], QUORUM, json.dumps(rooms.standing(unit, participant_id)))


def announce(unit: Unit) -> list[Delivery]:
    """Tell those who wait how far their room is: those of one room the same, by one look at who listens."""
    now = unit.now.timestamp()
    sockets: dict[int, list[str]] = {}
    for one in unit.work.items(f"channel#{QUORUM}"):
        if one["expires"] > now and one.get("participant_id") is not None:
            sockets.setdefault(one["participant_id"], []).append(one["connection_id"])
    return [
        Delivery(f"{QUORUM}:{json.dumps(state)}", [each for one in group for each in sockets.get(one, [])])
        for group, state in rooms.announcements(unit)
    ]


def beat(unit: Unit, connection_id: str) -> None:
    """Take note that a page is still there."""
    connection = connections.speaking(unit, connection_id)
    connections.heard_of(unit, connection)
    if connection.get("participant_id") is not None:
        presence.seen(unit, connection["participant_id"])


def _too_many_channels() -> BadRequest:
    return BadRequest(f"A socket listens to {MOST_CHANNELS} channels at most.", code="too_many_channels")


def _check_name(channel: str) -> None:
    if not NAME.fullmatch(channel):
        raise BadRequest(
            "A channel's name has up to 80 letters, digits, dots, dashes and underscores.",
            code="unknown_channel",
        )


def _check_may_listen(unit: Unit, speaker: int | None, channel: str) -> None:
    _check_name(channel)
    if unit.caller.kind in (OPERATOR, ANYONE) or channel == QUORUM or is_public(unit, channel):
        return
    _check_own_group(unit, speaker, channel)


def _check_own_group(unit: Unit, speaker: int | None, channel: str) -> None:
    kind, _, number = channel.partition("-")
    # One spelling for each number: "room-01" would be a channel of its own.
    is_number = number.isdigit() and str(int(number)) == number
    if speaker is None or not is_number or kind not in ("room", "network", "participant"):
        raise Forbidden(f"There is no channel {channel!r} for participants.", code="unknown_channel")
    if kind == "participant":
        allowed = int(number) == speaker
    elif kind == "network":
        holder = unit.work.participant(speaker)
        allowed = int(number) in {node_id // 100_000 for node_id in holder.node_ids}
    else:
        room = rooms.room_of(unit, speaker)
        allowed = room is not None and room["id"] == int(number)
    if not allowed:
        raise Forbidden(f"Channel {channel!r} isn't yours.", code="not_yours")


def _check_may_speak(unit: Unit, connection: dict[str, Any], channel: str) -> None:
    _check_name(channel)
    speaker = connection.get("participant_id")
    if speaker is None or is_public(unit, channel):
        return
    if channel in (QUORUM, CONTROL) or channel.startswith("participant-"):
        raise Forbidden(f"Only the platform speaks on {channel!r}.", code="not_yours")
    _check_own_group(unit, speaker, channel)


def _subscribe(unit: Unit, connection_id: str, speaker: int | None, channel: str, expires: int) -> None:
    unit.work.put_anyway(
        subscriber_key(channel, connection_id),
        "subscriber",
        {"connection_id": connection_id, "participant_id": speaker, "expires": expires},
    )


def _tell_control(unit: Unit, *events: dict[str, Any]) -> None:
    if unit.experiment.channel is not None:
        unit.work.post(ControlEvent(events, iso(unit.now)))


def _client(connection_id: str, speaker: int | None) -> dict[str, Any]:
    return {"class": "socket", "id": connection_id, "participant_id": speaker}


def _channel_event(event: str, channel: str, connection_id: str, speaker: int | None) -> dict[str, Any]:
    return {"type": "channel", "event": event, "channel": channel, "client": _client(connection_id, speaker)}


def tell_control(unit: Unit, events: Sequence[dict[str, Any]]) -> list[Delivery]:
    """Let the experiment, and whoever listens to the control channel, know of events, in order."""
    told = [json.dumps(event) for event in events]
    for data in told:
        hear(unit, CONTROL, data, None)
    hearing = listeners(unit, CONTROL)
    return [Delivery(f"{CONTROL}:{data}", hearing) for data in told]
