"""The one dispatcher for socket events, those of API Gateway and of the local host alike.

Frames are `<channel>:<data>`. The channel `petri` is the protocol's own: a page sends
`petri:{"type": "subscribe", "channel": ...}`, `unsubscribe`, `heartbeat` or `finished`, and is sent
`petri:{"type": "subscribed", "channel": ...}` when it listens from now on, or
`petri:{"type": "error", "error_code": ..., "error_text": ..., "channel": ...}`.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any

from chalicelib import services
from chalicelib.errors import BadRequest, PetriError, Refused
from chalicelib.operations.realtime import channels, connections, dropouts
from chalicelib.operations.shared.context import ANONYMOUS, ANYONE, PARTICIPANT, Caller

from .rate_limiter import RateLimiter

logger = logging.getLogger("petri.realtime")

PROTOCOL = "petri"
OK: dict[str, Any] = {"statusCode": 200}
#: Longer messages are refused: what is said is also stored and fanned out. API Gateway takes 128 KB.
MAX_FRAME_BYTES = 32 * 1024
#: No channel has a longer name, so no more of one is said back.
MAX_CHANNEL_NAME = 80
#: RFC 6455's code for who breaks the rules of the house.
POLICY_VIOLATION = 1008

_rate_limiter = RateLimiter()


def on_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer $connect: 200 when the socket may stay, the refusal's status otherwise."""
    try:
        query = _query(event)
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
            _close(older, "Too many connections of yours are open")
    except PetriError as error:
        return _refusal(error)
    except Exception as fault:
        # The experiment's code, which hears that somebody is back.
        logger.exception("a connection failed")
        return _refusal(PetriError(type(fault).__name__))
    return OK


def on_disconnect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer $disconnect: forget the socket."""
    connection_id = _connection_id(event)
    _rate_limiter.forget(connection_id)
    services.current().run(channels.disconnect, connection_id)
    return OK


def on_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a frame; what is wrong with it is said to its sender only."""
    connection_id = _connection_id(event)
    if not _is_within_rate(connection_id):
        return OK
    try:
        _handle_frame(connection_id, event)
    except connections.SocketEnded as ended:
        _say_error(connection_id, ended, _about(event))
        _close(connection_id, str(ended))
    except PetriError as error:
        if not isinstance(error, Refused):
            logger.exception("a frame failed")
        _say_error(connection_id, error, _about(event))
    except Exception as fault:
        logger.exception("a frame failed")
        _say_error(connection_id, PetriError(f"{type(fault).__name__}"), _about(event))
    return OK


def _close(connection_id: str, why: str) -> None:
    """Close a socket from here, and forget it."""
    app = services.current()
    app.run(channels.disconnect, connection_id)
    app.channels.disconnect(connection_id, POLICY_VIOLATION, why)


def _is_within_rate(connection_id: str) -> bool:
    """Whether a frame is within the pace; a flood is dropped, and who doesn't stop is closed."""
    app = services.current()
    action = _rate_limiter.check(connection_id, app.clock.now())
    if action == "warn":
        slower = BadRequest("You send too fast; what came too fast was dropped.", code="too_many_frames")
        _say_error(connection_id, slower)
    if action == "close":
        app.channels.disconnect(connection_id, POLICY_VIOLATION, "You send too fast")
    return action == "take"


def _handle_frame(connection_id: str, event: Mapping[str, Any]) -> None:
    if event.get("isBase64Encoded"):
        raise BadRequest("Binary frames aren't understood; send text: <channel>:<data>.", code="binary_frame")
    body = str(event.get("body") or "")
    if len(body.encode()) > MAX_FRAME_BYTES:
        raise BadRequest(f"A frame has {MAX_FRAME_BYTES} bytes at the most.", code="frame_too_large")
    channel, colon, data = body.partition(":")
    if not colon:
        raise BadRequest("A frame is <channel>:<data>.", code="bad_frame")
    if channel == PROTOCOL:
        _handle_control_frame(connection_id, data)
        return
    services.current().deliver(
        services.current().run(channels.publish_from_socket, connection_id, channel, data)
    )


def _handle_control_frame(connection_id: str, data: str) -> None:
    app = services.current()
    try:
        order = json.loads(data)
        kind = order["type"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadRequest('A petri frame is JSON such as {"type": "heartbeat"}.', code="bad_frame") from error
    if kind == "heartbeat":
        app.run(channels.record_heartbeat, connection_id)
        return
    caller = app.run(_speaker, connection_id)
    channel = str(order.get("channel"))
    if kind == "subscribe":
        app.run(channels.subscribe, connection_id, channel, caller=caller)
        _say(connection_id, {"type": "subscribed", "channel": channel})
    elif kind == "unsubscribe":
        app.run(channels.unsubscribe, connection_id, channel, caller=caller)
    elif kind == "finished":
        if caller.participant_id is not None:
            app.run(dropouts.record_done, caller.participant_id)
    else:
        raise BadRequest(
            f"{kind!r} is no order: use heartbeat, subscribe, unsubscribe or finished.", code="bad_frame"
        )


def _speaker(ctx: Any, connection_id: str) -> Caller:
    """Return on whose behalf an open socket acts: it was let in with a token, or is the operator's."""
    speaker = connections.open_connection(ctx, connection_id).get("participant_id")
    return Caller(ANYONE) if speaker is None else Caller(PARTICIPANT, speaker)


def _say_error(connection_id: str, error: PetriError, channel: str | None = None) -> None:
    refused = isinstance(error, Refused)
    said = {
        "type": "error",
        "error_code": error.code if refused else "internal_error",
        "error_text": str(error) if refused else "Something went wrong on our side.",
        "channel": channel,
    }
    _say(connection_id, said)


def _say(connection_id: str, said: dict[str, Any]) -> None:
    services.current().channels.send([connection_id], f"{PROTOCOL}:{json.dumps(said)}")


def _about(event: Mapping[str, Any]) -> str | None:
    """Return the channel that a frame was about, as far as the frame can be read."""
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
