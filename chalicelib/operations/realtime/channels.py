"""Connects sockets, and checks who may subscribe and publish on each channel.

| channel | may subscribe | may publish |
|---|---|---|
| the experiment's `channel`, its `public_channels` | every participant | every participant |
| `quorum` | every participant | the platform |
| `room-<n>` | that room's members | that room's members |
| `network-<id>` | participants with a node in it | the same |
| `participant-<id>` | that participant | the platform |
| `dallinger_control` | the operator | the platform |
| `operator` | the operator, and dashboards | the platform |

The operator may subscribe to everything, and so may every client where tokens are off. A socket that belongs
to no participant publishes nowhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import field
from datetime import timedelta
from typing import Any

from chalicelib.errors import BadRequest, Forbidden
from chalicelib.immutable import immutable
from chalicelib.messages import ChannelMessage, ControlEvent
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_token
from chalicelib.operations.shared.context import ANYONE, OPERATOR, PARTICIPANT, Context
from chalicelib.operations.shared.random_seeds import seeded_draws

from . import connections, presence, waiting_rooms
from .connections import connection_of

CONTROL = "dallinger_control"
QUORUM = "quorum"
#: On this channel a ring tells dashboards that something has changed.
OPERATOR_CHANNEL = "operator"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
#: API Gateway closes every socket after two hours.
SOCKET_LIFETIME = timedelta(hours=2)
MAX_CHANNELS = 20
#: How many sockets one participant may have open; a reload leaves the old one open for a while.
MAX_SOCKETS = 10


@immutable()
class Delivery:
    """A text and the connections that receive it."""

    text: str
    connection_ids: list[str] = field(default_factory=list)


def connect(
    ctx: Context,
    connection_id: str,
    participant_id: int | None,
    channels: Sequence[str],
    ends: float = math.inf,
) -> list[str]:
    """Record a new socket and its subscriptions; return the participant's surplus sockets.

    `ends`: when the token that opened it expires, in seconds since 1970.
    """
    if not channels:
        raise BadRequest(
            "Name a channel: /chat?channel=...&participant_id=...&token=...", code="channel_missing"
        )
    if len(channels) > MAX_CHANNELS:
        raise _too_many_channels()
    speaker = _socket_participant(ctx, participant_id)
    serial = ctx.caller.serial if ctx.caller.kind == PARTICIPANT else None
    if speaker is not None:
        connections.check_holder(ctx, speaker, serial)
    for channel in channels:
        _require_may_subscribe(ctx, speaker, channel)
    expires = int(min((ctx.now + SOCKET_LIFETIME).timestamp(), ends))
    for channel in channels:
        _subscribe(ctx, connection_id, speaker, channel, expires)
    ctx.uow.put_item(
        keys.connection(connection_id),
        "connection",
        {
            "connection_id": connection_id,
            "participant_id": speaker,
            "serial": serial,
            "channels": list(channels),
            "since": iso(ctx.now),
            "seen": iso(ctx.now),
            "expires": expires,
        },
    )
    surplus: list[str] = []
    if speaker is not None:
        surplus = presence.surplus_connections(ctx, speaker, MAX_SOCKETS - 1)
        presence.socket_opened(ctx, speaker, connection_id, expires)
    _post_control_events(
        ctx,
        {"type": "websocket", "event": "connected", "client": _client(connection_id, speaker)},
        *(_channel_event("subscribed", channel, connection_id, speaker) for channel in channels),
    )
    _schedule_room_state(ctx, speaker, channels)
    return surplus


def _schedule_room_state(ctx: Context, speaker: int | None, channels: Sequence[str]) -> None:
    """Schedule the room state for a participant who has just subscribed to it."""
    if QUORUM in channels and speaker is not None:
        waiting_rooms.schedule_room_state(ctx, speaker)


def _socket_participant(ctx: Context, participant_id: int | None) -> int | None:
    """Return the participant of a socket; None for the operator's."""
    if ctx.caller.kind in (OPERATOR, ANYONE):
        if participant_id is not None:
            ctx.uow.participant(participant_id)
        return participant_id
    require_token(ctx)
    if participant_id is not None and participant_id != ctx.caller.participant_id:
        raise Forbidden(f"This token belongs to another participant, not {participant_id}.", code="not_yours")
    return ctx.caller.participant_id


def subscribe(ctx: Context, connection_id: str, channel: str) -> None:
    """Subscribe an open socket to one more channel."""
    connection = connections.open_connection(ctx, connection_id)
    speaker = connection.get("participant_id")
    channels: list[str] = list(connection["channels"])
    if channel in channels:
        return
    if len(channels) >= MAX_CHANNELS:
        raise _too_many_channels()
    _require_may_subscribe(ctx, speaker, channel)
    _subscribe(ctx, connection_id, speaker, channel, connection["expires"])
    connections.change(ctx, connection, channels=[*channels, channel])
    _post_control_events(ctx, _channel_event("subscribed", channel, connection_id, speaker))
    _schedule_room_state(ctx, speaker, [channel])


def unsubscribe(ctx: Context, connection_id: str, channel: str) -> None:
    """End an open socket's subscription to a channel."""
    connection = connection_of(ctx, connection_id)
    channels: list[str] = list(connection["channels"])
    if channel not in channels:
        return
    ctx.uow.delete_item(keys.subscriber(channel, connection_id))
    connections.change(ctx, connection, channels=[name for name in channels if name != channel])
    speaker = connection.get("participant_id")
    _post_control_events(ctx, _channel_event("unsubscribed", channel, connection_id, speaker))


def disconnect(ctx: Context, connection_id: str, patience: float = 0.0) -> None:
    """Forget a closed socket; idempotent.

    `patience`: seconds for which its participant still counts as present, if their page didn't close it.
    """
    connection = ctx.uow.item(keys.connection(connection_id))
    if connection is None:
        return
    speaker = connection.get("participant_id")
    for channel in connection["channels"]:
        ctx.uow.delete_item(keys.subscriber(channel, connection_id))
    ctx.uow.delete_item(keys.connection(connection_id))
    if speaker is not None:
        presence.socket_closed(ctx, speaker, connection_id, patience)
    if connection.get("listens_only"):
        return
    _post_control_events(
        ctx,
        *(
            _channel_event("unsubscribed", channel, connection_id, speaker)
            for channel in connection["channels"]
        ),
        {"type": "websocket", "event": "disconnected", "client": _client(connection_id, speaker)},
    )


def publish_from_socket(ctx: Context, connection_id: str, channel: str, data: str) -> Delivery:
    """Publish a socket's data on a channel: return the delivery, and pass the data to the experiment."""
    connection = connections.open_connection(ctx, connection_id)
    speaker = connection.get("participant_id")
    _require_may_publish(ctx, connection, channel)
    if reaches_experiment(ctx, channel):
        if is_immediate(ctx, channel):
            deliver_to_experiment(ctx, channel, data, speaker)
        else:
            ctx.uow.post(ChannelMessage(channel, data, speaker, iso(ctx.now)))
    return Delivery(f"{channel}:{data}", listeners(ctx, channel))


def reaches_experiment(ctx: Context, channel: str) -> bool:
    """Whether the experiment receives the messages of a channel."""
    own = ctx.experiment.channel
    return bool(own) and (
        channel == own or channel.startswith(("room-", "network-")) or is_public(ctx, channel)
    )


def is_public(ctx: Context, channel: str) -> bool:
    """Whether every participant may subscribe to and publish on a channel."""
    return channel == ctx.experiment.channel or channel in ctx.experiment.public_channels


def is_immediate(ctx: Context, channel: str) -> bool:
    """Whether the experiment receives a channel's messages in the request itself, not by the queue."""
    immediate = ctx.experiment.immediate
    return immediate is True or (immediate is not False and channel in immediate)


def deliver_to_experiment(ctx: Context, channel: str, data: str, speaker: int | None) -> None:
    """Call the experiment's `receive_message`."""
    participant = None if speaker is None else ctx.uow.participant(speaker)
    nodes = participant.nodes() if participant is not None else []
    with seeded_draws(ctx, participant, f"hear|{channel}"):
        ctx.experiment.receive_message(
            data,
            channel_name=channel,
            participant=participant,
            node=nodes[-1] if nodes else None,
            receive_time=ctx.now,
        )


def listeners(ctx: Context, channel: str) -> list[str]:
    """Return the unexpired connections that are subscribed to a channel."""
    now = ctx.now.timestamp()
    return [one["connection_id"] for one in ctx.uow.items(keys.channel(channel)) if one["expires"] > now]


def forget_connections(ctx: Context, connection_ids: Sequence[str]) -> None:
    """Forget connections that API Gateway reported as closed."""
    for connection_id in connection_ids:
        connection = ctx.uow.item(keys.connection(connection_id))
        if connection is not None and not connections.is_young(ctx, connection):
            disconnect(ctx, connection_id)


def publish(ctx: Context, channel: str, data: str) -> Delivery:
    """Publish data of the platform on a channel."""
    return Delivery(f"{channel}:{data}", listeners(ctx, channel))


def send_to(ctx: Context, participant_ids: Sequence[int], channel: str, data: str) -> Delivery:
    """Send data to certain participants only, on all their open sockets."""
    sockets = [each for one in participant_ids for each in presence.open_sockets(ctx, one)]
    return Delivery(f"{channel}:{data}", sockets)


def send_room_state(ctx: Context, participant_id: int) -> Delivery:
    """Send one participant the current state of their room."""
    return send_to(ctx, [participant_id], QUORUM, json.dumps(waiting_rooms.room_state(ctx, participant_id)))


def broadcast_room_counts(ctx: Context) -> list[Delivery]:
    """Send waiting participants the state of their rooms: one text for each room, one read of subscribers."""
    now = ctx.now.timestamp()
    sockets: dict[int, list[str]] = {}
    for one in ctx.uow.items(keys.channel(QUORUM)):
        if one["expires"] > now and one.get("participant_id") is not None:
            sockets.setdefault(one["participant_id"], []).append(one["connection_id"])
    return [
        Delivery(f"{QUORUM}:{json.dumps(state)}", [each for one in group for each in sockets.get(one, [])])
        for group, state in waiting_rooms.room_counts(ctx)
    ]


def record_heartbeat(ctx: Context, connection_id: str) -> None:
    """Record that a page is still open."""
    connection = connections.open_connection(ctx, connection_id)
    connections.record_beat(ctx, connection)
    if connection.get("participant_id") is not None:
        presence.heartbeat(ctx, connection["participant_id"])


def _too_many_channels() -> BadRequest:
    return BadRequest(f"A socket can subscribe to at most {MAX_CHANNELS} channels.", code="too_many_channels")


def _require_valid_name(channel: str) -> None:
    if not NAME.fullmatch(channel):
        raise BadRequest(
            "A channel's name has up to 80 letters, digits, dots, dashes and underscores.",
            code="unknown_channel",
        )


def _require_may_subscribe(ctx: Context, speaker: int | None, channel: str) -> None:
    _require_valid_name(channel)
    if ctx.caller.kind in (OPERATOR, ANYONE):
        return
    if channel != OPERATOR_CHANNEL and (channel == QUORUM or is_public(ctx, channel)):
        return
    _require_own_group(ctx, speaker, channel)


def _require_own_group(ctx: Context, speaker: int | None, channel: str) -> None:
    kind, _, number = channel.partition("-")
    # One spelling for each number: "room-01" would be a channel of its own.
    is_number = number.isdigit() and str(int(number)) == number
    if speaker is None or not is_number or kind not in ("room", "network", "participant"):
        raise Forbidden(f"There is no channel {channel!r} for participants.", code="unknown_channel")
    if kind == "participant":
        allowed = int(number) == speaker
    elif kind == "network":
        holder = ctx.uow.participant(speaker)
        allowed = int(number) in set(map(keys.network_of, holder.node_ids))
    else:
        room = waiting_rooms.room_of(ctx, speaker)
        allowed = room is not None and room["id"] == int(number)
    if not allowed:
        raise Forbidden(f"Channel {channel!r} belongs to other participants.", code="not_yours")


def _require_may_publish(ctx: Context, connection: dict[str, Any], channel: str) -> None:
    _require_valid_name(channel)
    speaker = connection.get("participant_id")
    if speaker is None:
        raise Forbidden(
            "This socket belongs to no participant, so it can't publish; publish with the experiment's code.",
            code="listens_only",
        )
    if channel != OPERATOR_CHANNEL and is_public(ctx, channel):
        return
    if channel in (QUORUM, CONTROL, OPERATOR_CHANNEL) or channel.startswith("participant-"):
        raise Forbidden(f"Only the platform can publish on {channel!r}.", code="not_yours")
    _require_own_group(ctx, speaker, channel)


def _subscribe(ctx: Context, connection_id: str, speaker: int | None, channel: str, expires: int) -> None:
    ctx.uow.put_unconditional(
        keys.subscriber(channel, connection_id),
        "subscriber",
        {"connection_id": connection_id, "participant_id": speaker, "expires": expires},
    )


def _post_control_events(ctx: Context, *events: dict[str, Any]) -> None:
    if ctx.experiment.channel is not None:
        ctx.uow.post(ControlEvent(events, iso(ctx.now)))


def _client(connection_id: str, speaker: int | None) -> dict[str, Any]:
    return {"class": "socket", "id": connection_id, "participant_id": speaker}


def _channel_event(event: str, channel: str, connection_id: str, speaker: int | None) -> dict[str, Any]:
    return {"type": "channel", "event": event, "channel": channel, "client": _client(connection_id, speaker)}


def publish_control_events(ctx: Context, events: Sequence[dict[str, Any]]) -> list[Delivery]:
    """Publish events, in order, to the experiment and the subscribers of the control channel."""
    texts = [json.dumps(event) for event in events]
    for data in texts:
        deliver_to_experiment(ctx, CONTROL, data, None)
    subscribers = listeners(ctx, CONTROL)
    return [Delivery(f"{CONTROL}:{data}", subscribers) for data in texts]
