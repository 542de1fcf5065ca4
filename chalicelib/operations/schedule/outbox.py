"""The outbox: recorded messages that aren't done, and until when each is in flight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.messages import from_body
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Key, Message

#: For how long a resent message counts as in flight: the queue retries it for half an hour.
IN_FLIGHT_FOR = timedelta(minutes=30)


def mark_in_flight(ctx: Context, messages: Iterable[Message]) -> None:
    """Mark resent messages as in flight for a while; those that are done meanwhile stay deleted."""
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
    """Whether a message isn't in flight."""
    return message.in_flight_until is None or message.in_flight_until <= now


def body_of(ctx: Context, key: Key) -> dict[str, object] | None:
    """Return the body of a message that was too long for the queue; None when it is done."""
    stored = ctx.uow.item(key)
    return None if stored is None else stored["body"]


def post_more(ctx: Context, messages: Iterable[Mapping[str, Any]]) -> None:
    """Post messages that were too many for their own commit, each with its due time."""
    for message in messages:
        ctx.uow.post(from_body(message["body"]), due=moment(message["due"]))
