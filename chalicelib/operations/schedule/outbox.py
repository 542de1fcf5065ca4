"""Messages that are recorded and not done: who carries them, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.messages import from_body
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Key, Message

#: For how long a message that was sent again is left to the queue: its retries go on for half an hour.
IN_FLIGHT_FOR = timedelta(minutes=30)


def mark_in_flight(ctx: Context, messages: Iterable[Message]) -> None:
    """Leave messages that were sent again to the queue for a while; those that are done meanwhile stay so."""
    listed = list(messages)
    ctx.uow.prefetch(more=[message.key for message in listed])
    for message in listed:
        stored = ctx.uow.item(message.key)
        if stored is not None:
            at = max(ctx.now, message.due or ctx.now) + IN_FLIGHT_FOR
            ctx.uow.put_if_unchanged(
                message.key, "message", {"body": stored["body"], "carried_until": iso(at)}
            )


def is_due_for_resend(message: Message, now: datetime) -> bool:
    """Whether nobody carries a message."""
    return message.in_flight_until is None or message.in_flight_until <= now


def body_of(ctx: Context, key: Key) -> dict[str, object] | None:
    """Return what a message says that was too long to be carried; None when it is done."""
    stored = ctx.uow.item(key)
    return None if stored is None else stored["body"]


def post_more(ctx: Context, messages: Iterable[Mapping[str, Any]]) -> None:
    """Post messages that were too many for the commit that they belong to, each for its own moment."""
    for message in messages:
        ctx.uow.post(from_body(message["body"]), due=moment(message["due"]))
