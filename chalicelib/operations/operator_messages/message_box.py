"""Reads the messages that a participant's page shows, and notes that they were seen or closed."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.operations.shared.access import own_participant
from chalicelib.operations.shared.context import Context

from .stored_messages import is_for, messages_of, read_header, receipts_of, write_receipt


def read_messages(ctx: Context, participant_id: int, after: int) -> dict[str, Any]:
    """Return the messages behind a number that a participant hasn't closed, oldest first.

    `last`: the number of the newest message of the run, from which the page asks on. `look_after`: after how
    many seconds it asks again while it has no socket; 0 for never.
    """
    ctx.uow.prefetch(more=[keys.message_box(participant_id), keys.MESSAGES_HEADER])
    participant = own_participant(ctx, participant_id)
    found = messages_of(ctx, participant, after)
    receipts = receipts_of(ctx, participant_id, [item["id"] for item in found])
    return {
        "messages": [
            {"id": item["id"], "text": item["text"], "sent": item["creation_time"]}
            for item in found
            if item["text"] and not receipts.get(item["id"], {}).get("closed")
        ],
        "last": read_header(ctx).last,
        "look_after": ctx.settings.message_poll_seconds,
    }


def record_message(ctx: Context, participant_id: int, number: int, *, is_closed: bool) -> dict[str, Any]:
    """Note that a participant has seen a message, or closed it; idempotent. NotFound for another's."""
    participant = own_participant(ctx, participant_id)
    item = ctx.uow.item(keys.run_message(number))
    if item is None or not is_for(ctx, participant, item):
        raise NotFound(f"There is no message {number} to this participant.", code="message_not_found")
    write_receipt(ctx, participant_id, number, is_closed=is_closed)
    return {"id": number}
