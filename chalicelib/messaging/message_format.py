"""Serializes messages to the body that a queue carries."""

from __future__ import annotations

import json

from chalicelib.ports import TRANSIENT, Message

#: SQS takes a quarter of a megabyte at once. A message that is longer goes without its body, which the
#: consumer reads where it is recorded.
MAX_MESSAGE_BYTES = 256 * 1024


def encode_message(message: Message) -> str:
    """Write a message as JSON; with its key alone when it is too long to be carried, and is recorded."""
    whole = _json(message, {"body": message.body})
    if message.key[0] == TRANSIENT or len(whole.encode()) <= MAX_MESSAGE_BYTES:
        return whole
    return _json(message, {})


def _json(message: Message, rest: dict[str, object]) -> str:
    return json.dumps({"key": list(message.key), **rest}, ensure_ascii=False, separators=(",", ":"))
