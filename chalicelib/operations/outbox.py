"""Messages that are recorded and not done: who carries them, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.messages import from_body
from chalicelib.model.record import iso, moment
from chalicelib.ports import Key, Message

from .unit import Unit

#: For how long a message that was sent again is left to the queue: its retries go on for half an hour.
CARRIED = timedelta(minutes=30)


def note_carried(unit: Unit, messages: Iterable[Message]) -> None:
    """Leave messages that were sent again to the queue for a while; those that are done meanwhile stay so."""
    listed = list(messages)
    unit.work.prefetch(more=[message.key for message in listed])
    for message in listed:
        stored = unit.work.item(message.key)
        if stored is not None:
            at = max(unit.now, message.due or unit.now) + CARRIED
            unit.work.claim(message.key, "message", {"body": stored["body"], "carried_until": iso(at)})


def is_free(message: Message, now: datetime) -> bool:
    """Whether nobody carries a message."""
    return message.carried_until is None or message.carried_until <= now


def body_of(unit: Unit, key: Key) -> dict[str, object] | None:
    """Return what a message says that was too long to be carried; None when it is done."""
    stored = unit.work.item(key)
    return None if stored is None else stored["body"]


def post_more(unit: Unit, messages: Iterable[Mapping[str, Any]]) -> None:
    """Post messages that were too many for the commit that they belong to, each for its own moment."""
    for message in messages:
        unit.work.post(from_body(message["body"]), due=moment(message["due"]))
