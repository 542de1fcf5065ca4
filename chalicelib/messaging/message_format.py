"""Serializes messages to the body that a queue carries."""

from __future__ import annotations

import json

from chalicelib.ports import TRANSIENT, Message

#: SQS accepts a quarter of a megabyte. A longer message is sent without its body, which the consumer reads
#: from its record.
MAX_MESSAGE_BYTES = 256 * 1024


def encode_message(message: Message) -> str:
    """Serialize a message as JSON; if it is recorded and too long for SQS, only its key."""
    whole = _json(message, {"body": message.body})
    if message.key[0] == TRANSIENT or len(whole.encode()) <= MAX_MESSAGE_BYTES:
        return whole
    return _json(message, {})


def _json(message: Message, rest: dict[str, object]) -> str:
    return json.dumps({"key": list(message.key), **rest}, ensure_ascii=False, separators=(",", ":"))
