"""The one dispatcher for socket events, those of API Gateway and of the local host alike.

Frames are `<channel>:<data>`. The channel `petri` is the protocol's own: a page sends
`petri:{"type": "subscribe", "channel": ...}`, `unsubscribe` or `heartbeat`, and is sent
`petri:{"type": "error", "error_code": ..., "error_text": ...}`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from chalicelib import services
from chalicelib.model.errors import BadRequest, PetriError, Refused
from chalicelib.operations import channels
from chalicelib.operations.unit import ANYONE, NOBODY, PARTICIPANT, Caller

logger = logging.getLogger("petri.realtime")

PROTOCOL = "petri"
OK: dict[str, Any] = {"statusCode": 200}
#: Longer messages are refused: what is said is also stored and fanned out. API Gateway takes 128 KB.
MOST_BYTES = 32 * 1024


def on_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer $connect: 200 when the socket may stay, the refusal's status otherwise."""
    try:
        query = _query(event)
        caller = _caller(query)
        participant_id = _number(query.get("participant_id"))
        services.current().run(
            channels.connect,
            _connection_id(event),
            participant_id,
            _channels(event, query),
            caller=caller,
        )
    except PetriError as error:
        return _refusal(error)
    return OK


def on_disconnect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer $disconnect: forget the socket."""
    services.current().run(channels.disconnect, _connection_id(event))
    return OK


def on_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a frame; what is wrong with it is said to its sender only."""
    connection_id = _connection_id(event)
    try:
        _take(connection_id, event)
    except PetriError as error:
        if not isinstance(error, Refused):
            logger.exception("a frame failed")
        _say_error(connection_id, error)
    except Exception as fault:
        logger.exception("a frame failed")
        _say_error(connection_id, PetriError(f"{type(fault).__name__}"))
    return OK


def _take(connection_id: str, event: Mapping[str, Any]) -> None:
    if event.get("isBase64Encoded"):
        raise BadRequest("Binary frames aren't understood; send text: <channel>:<data>.", code="binary_frame")
    body = str(event.get("body") or "")
    if len(body.encode()) > MOST_BYTES:
        raise BadRequest(f"A frame has {MOST_BYTES} bytes at the most.", code="frame_too_large")
    channel, colon, data = body.partition(":")
    if not colon:
        raise BadRequest("A frame is <channel>:<data>.", code="bad_frame")
    if channel == PROTOCOL:
        _obey(connection_id, data)
        return
    services.current().deliver(services.current().run(channels.speak, connection_id, channel, data))


def _obey(connection_id: str, data: str) -> None:
    app = services.current()
    try:
        order = json.loads(data)
        kind = order["type"]
    except (ValueError, TypeError, KeyError) as error:
        raise BadRequest('A petri frame is JSON such as {"type": "heartbeat"}.', code="bad_frame") from error
    caller = app.run(_speaker, connection_id)
    if kind == "heartbeat":
        app.run(channels.beat, connection_id)
    elif kind == "subscribe":
        app.run(channels.subscribe, connection_id, str(order.get("channel")), caller=caller)
    elif kind == "unsubscribe":
        app.run(channels.unsubscribe, connection_id, str(order.get("channel")), caller=caller)
    else:
        raise BadRequest(f"{kind!r} is no order: use heartbeat, subscribe or unsubscribe.", code="bad_frame")


def _speaker(unit: Any, connection_id: str) -> Caller:
    """Return on whose behalf an open socket acts: it was let in with a token, or is the operator's."""
    speaker = channels.connection_of(unit, connection_id).get("participant_id")
    return Caller(ANYONE) if speaker is None else Caller(PARTICIPANT, speaker)


def _say_error(connection_id: str, error: PetriError) -> None:
    refused = isinstance(error, Refused)
    said = {
        "type": "error",
        "error_code": error.code if refused else "internal_error",
        "error_text": str(error) if refused else "Something went wrong on our side.",
    }
    services.current().channels.send([connection_id], f"{PROTOCOL}:{json.dumps(said)}")


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
    return Caller(ANYONE) if app.tokens_are_off else NOBODY


def _number(text: str | None) -> int | None:
    if text in (None, ""):
        return None
    if not (text and text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - the longest id
        raise BadRequest("participant_id must be a whole number.", code="not_a_number")
    return int(text)


def _connection_id(event: Mapping[str, Any]) -> str:
    return str(event["requestContext"]["connectionId"])
