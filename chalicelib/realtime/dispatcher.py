"""Dispatches socket events, of API Gateway and of the local host.

Frames are `<channel>:<data>`. The channel `petri` belongs to the protocol: a page sends
`petri:{"type": "subscribe", "channel": ...}`, `unsubscribe`, `heartbeat` or `finished`, and receives
`petri:{"type": "subscribed", "channel": ...}` once it is subscribed, or
`petri:{"type": "error", "error_code": ..., "error_text": ..., "channel": ...}`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any

from chalicelib import services
from chalicelib.errors import BadRequest, Forbidden, PetriError, Refused
from chalicelib.operations.realtime import channels, connections, dropouts
from chalicelib.operations.shared.context import ANONYMOUS, ANYONE, PARTICIPANT, Caller

from .rate_limiter import RateLimiter

logger = logging.getLogger("petri.realtime")

PROTOCOL = "petri"
OK: dict[str, Any] = {"statusCode": 200}
#: Longer frames are refused, since they are also stored and fanned out. API Gateway accepts 128 KB.
MAX_FRAME_BYTES = 32 * 1024
#: The longest name of a channel; error frames repeat no more of one.
MAX_CHANNEL_NAME = 80
#: RFC 6455's close code for a violation of the server's policy.
POLICY_VIOLATION = 1008

_rate_limiter = RateLimiter()


def on_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle $connect: 200 when the socket is accepted, the refusal's status otherwise."""
    try:
        query = _query(event)
        if "ticket" in query:
            _connect_dashboard(_connection_id(event), query["ticket"])
            return OK
        caller = _caller(query)
        participant_id = _number(query.get("participant_id"))
        app, token = services.current(), query.get("token")
        surplus = app.run(
            channels.connect,
            _connection_id(event),
            participant_id,
            _channels(event, query),
            app.tokens.ends(token) if token else math.inf,
            caller=caller,
        )
        for older in surplus:
            _close(older, "You have too many open connections")
    except PetriError as error:
        return _refusal(error)
    except Exception as fault:
        # The experiment's code, which handles a participant's return.
        logger.exception("a connection failed")
        return _refusal(PetriError(type(fault).__name__))
    return OK


def _connect_dashboard(connection_id: str, ticket: str) -> None:
    # Lazy import: participants' sockets need no tickets.
    from chalicelib.operations.realtime.dashboard_sockets import connect_dashboard

    services.current().run(connect_dashboard, connection_id, ticket)


def on_disconnect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle $disconnect: forget the socket."""
    connection_id = _connection_id(event)
    _rate_limiter.forget(connection_id)
    services.current().run(channels.disconnect, connection_id)
    return OK


def on_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle a frame; errors are sent to its sender only."""
    connection_id = _connection_id(event)
    if not _is_within_rate(connection_id):
        return OK
    try:
        _handle_frame(connection_id, event)
    except connections.SocketEnded as ended:
        _send_error(connection_id, ended, _channel_of(event))
        _close(connection_id, str(ended))
    except PetriError as error:
        if not isinstance(error, Refused):
            logger.exception("a frame failed")
        _send_error(connection_id, error, _channel_of(event))
    except Exception as fault:
        # The experiment's code, which handles the frame; the participant learns only the kind of the error.
        logger.exception("a frame failed")
        _send_error(connection_id, PetriError(f"{type(fault).__name__}"), _channel_of(event))
    return OK


def _close(connection_id: str, why: str) -> None:
    """Close a socket, and forget it."""
    app = services.current()
    app.run(channels.disconnect, connection_id)
    app.channels.disconnect(connection_id, POLICY_VIOLATION, why)


def _is_within_rate(connection_id: str) -> bool:
    """Whether a frame is within the rate limit; others are dropped, and a flood closes the socket."""
    app = services.current()
    action = _rate_limiter.check(connection_id, app.clock.now())
    if action == "warn":
        slower = BadRequest(
            "You send too fast; frames above the rate limit were dropped.", code="too_many_frames"
        )
        _send_error(connection_id, slower)
    if action == "close":
        app.channels.disconnect(connection_id, POLICY_VIOLATION, "You send too fast")
    return action == "take"


def _handle_frame(connection_id: str, event: Mapping[str, Any]) -> None:
    if event.get("isBase64Encoded"):
        raise BadRequest("Binary frames aren't supported; send text: <channel>:<data>.", code="binary_frame")
    body = str(event.get("body") or "")
    if len(body.encode()) > MAX_FRAME_BYTES:
        raise BadRequest(f"A frame has at most {MAX_FRAME_BYTES} bytes.", code="frame_too_large")
    channel, colon, data = body.partition(":")
    if not colon:
        raise BadRequest("A frame must have the form <channel>:<data>.", code="bad_frame")
    if channel == PROTOCOL:
        _handle_control_frame(connection_id, data)
        return
    services.current().deliver(
        services.current().run(channels.publish_from_socket, connection_id, channel, data)
    )


def _handle_control_frame(connection_id: str, data: str) -> None:
    app = services.current()
    try:
        frame = json.loads(data)
        kind = frame["type"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadRequest(
            'A petri frame must be JSON such as {"type": "heartbeat"}.', code="bad_frame"
        ) from error
    if kind == "heartbeat":
        app.run(channels.record_heartbeat, connection_id)
        return
    caller = app.run(_socket_caller, connection_id)
    channel = str(frame.get("channel"))
    if kind == "subscribe":
        app.run(channels.subscribe, connection_id, channel, caller=caller)
        _send(connection_id, {"type": "subscribed", "channel": channel})
    elif kind == "unsubscribe":
        app.run(channels.unsubscribe, connection_id, channel, caller=caller)
    elif kind == "finished":
        if caller.participant_id is not None:
            app.run(dropouts.record_done, caller.participant_id)
    else:
        raise BadRequest(
            f"{kind!r} is not a valid type: use heartbeat, subscribe, unsubscribe or finished.",
            code="bad_frame",
        )


def _socket_caller(ctx: Any, connection_id: str) -> Caller:
    """Return the caller for which an open socket acts: its participant, or the operator."""
    connection = connections.open_connection(ctx, connection_id)
    if connection.get("listens_only"):
        raise Forbidden("A dashboard's socket sends heartbeats only.", code="listens_only")
    speaker = connection.get("participant_id")
    return Caller(ANYONE) if speaker is None else Caller(PARTICIPANT, speaker)


def _send_error(connection_id: str, error: PetriError, channel: str | None = None) -> None:
    refused = isinstance(error, Refused)
    frame = {
        "type": "error",
        "error_code": error.code if refused else "internal_error",
        "error_text": str(error) if refused else "Something went wrong on our side.",
        "channel": channel,
    }
    _send(connection_id, frame)


def _send(connection_id: str, frame: dict[str, Any]) -> None:
    services.current().channels.send([connection_id], f"{PROTOCOL}:{json.dumps(frame)}")


def _channel_of(event: Mapping[str, Any]) -> str | None:
    """Return the channel of a frame, as far as the frame can be parsed."""
    name, colon, data = str(event.get("body") or "").partition(":")
    if not colon or event.get("isBase64Encoded"):
        return None
    if name != PROTOCOL:
        return name[:MAX_CHANNEL_NAME]
    try:
        return str(json.loads(data)["channel"])[:MAX_CHANNEL_NAME]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _refusal(error: PetriError) -> dict[str, Any]:
    refused = isinstance(error, Refused)
    if not refused:
        logger.error("a connection failed", exc_info=error)
    body = {
        "status": "error",
        "error_code": error.code if refused else "internal_error",
        "error_text": str(error) if refused else "Something went wrong on our side.",
    }
    return {"statusCode": error.status if refused else 500, "body": json.dumps(body)}


def _query(event: Mapping[str, Any]) -> dict[str, str]:
    return dict(event.get("queryStringParameters") or {})


def _channels(event: Mapping[str, Any], query: Mapping[str, str]) -> list[str]:
    many = (event.get("multiValueQueryStringParameters") or {}).get("channel") or []
    named = many or ([query["channel"]] if "channel" in query else [])
    return list(dict.fromkeys(name for part in named for name in part.split(",") if name))


def _caller(query: Mapping[str, str]) -> Caller:
    app = services.current()
    if query.get("token"):
        return app.tokens.read(query["token"])
    return Caller(ANYONE) if app.tokens_are_off else ANONYMOUS


def _number(text: str | None) -> int | None:
    if text in (None, ""):
        return None
    if not (text and text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - the longest id
        raise BadRequest("participant_id must be a whole number.", code="not_a_number")
    return int(text)


def _connection_id(event: Mapping[str, Any]) -> str:
    return str(event["requestContext"]["connectionId"])
