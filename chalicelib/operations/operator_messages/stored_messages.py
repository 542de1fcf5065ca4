"""Stores messages to participants, and finds those that a participant should see.

A message to many participants is one record. The header names the newest such messages, so that a page that
asks for messages reads three items however many participants and messages there are: its participant, the
header, and the participant's box, which names the messages to them and a few others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.context import Context

#: A message to at most this many participants is noted in the box of each, in the commit that stores it.
MAX_BOXES: Final = 40
#: How many of the newest messages the header and a box name; older ones are no longer shown.
MAX_NAMED: Final = 20
#: For how long a message to all who take part is shown, unless it is for later participants too.
SHOWN_FOR: Final = timedelta(hours=24)


class Audience(StrEnum):
    """To whom a message is."""

    PARTICIPANTS = "participants"
    GROUP = "group"
    ALL = "all"


@dataclass(slots=True)
class MessageHeader:
    """Counts the messages of the run, and names the newest that are in no box."""

    last: int = 0
    to_many: list[int] = field(default_factory=list)
    #: When the latest messages were sent, for the rate limit.
    recent: list[str] = field(default_factory=list)


Item = Mapping[str, Any]


def read_header(ctx: Context) -> MessageHeader:
    """Return the header; a new one before the first message."""
    item = ctx.uow.item(keys.MESSAGES_HEADER)
    if item is None:
        return MessageHeader()
    return MessageHeader(int(item["last"]), list(item["to_many"]), list(item["recent"]))


def write_header(ctx: Context, header: MessageHeader) -> None:
    """Write the header with this commit: two messages at once are numbered one after the other."""
    fields = {
        "last": header.last,
        "to_many": header.to_many[-MAX_NAMED:],
        "recent": header.recent,
    }
    ctx.uow.put_if_unchanged(keys.MESSAGES_HEADER, "message_header", fields)


def add_to_boxes(ctx: Context, participant_ids: Sequence[int], number: int) -> None:
    """Note a message in the boxes of its participants."""
    ctx.uow.prefetch(more=[keys.message_box(one) for one in participant_ids])
    for one in participant_ids:
        numbers = [*box_of(ctx, one), number][-MAX_NAMED:]
        ctx.uow.put_if_unchanged(keys.message_box(one), "message_box", {"numbers": numbers})


def box_of(ctx: Context, participant_id: int) -> list[int]:
    """Return the numbers of the messages to a participant and few others."""
    item = ctx.uow.item(keys.message_box(participant_id))
    return [] if item is None else list(item["numbers"])


def messages_of(ctx: Context, participant: Participant, after: int = 0) -> list[Item]:
    """Return the messages behind a number that a participant should see, oldest first."""
    numbers = {*box_of(ctx, participant.id), *read_header(ctx).to_many}
    wanted = [keys.run_message(number) for number in sorted(numbers) if number > after]
    ctx.uow.prefetch(more=wanted)
    found = (ctx.uow.item(key) for key in wanted)
    return [item for item in found if item is not None and is_for(ctx, participant, item)]


def is_for(ctx: Context, participant: Participant, message: Item) -> bool:
    """Whether a participant should see a message now."""
    if message["audience"] != Audience.ALL:
        return participant.id in message["participant_ids"]
    sent = moment(message["creation_time"]) or ctx.now
    if not participant.is_working and (participant.end_time is None or participant.end_time < sent):
        return False
    if message["includes_later"]:
        return True
    return participant.id <= message["last_participant"] and ctx.now - sent < SHOWN_FOR


def was_sent_to(message: Item, participant_id: int) -> bool:
    """Whether a message was sent to a participant, as lists show it."""
    if message["audience"] != Audience.ALL:
        return participant_id in message["participant_ids"]
    return bool(message["includes_later"]) or participant_id <= message["last_participant"]


def receipts_of(ctx: Context, participant_id: int, numbers: Sequence[int]) -> dict[int, Item]:
    """Return the receipts of a participant for some messages."""
    wanted = {number: keys.message_receipt(number, participant_id) for number in numbers}
    ctx.uow.prefetch(more=list(wanted.values()))
    found = {number: ctx.uow.item(key) for number, key in wanted.items()}
    return {number: item for number, item in found.items() if item is not None}


def write_receipt(ctx: Context, participant_id: int, number: int, *, is_closed: bool) -> None:
    """Note that a participant has seen a message, or closed it; the first moment of each counts."""
    key = keys.message_receipt(number, participant_id)
    stored = ctx.uow.item(key) or {}
    now = iso(ctx.now)
    fields = {
        "participant_id": participant_id,
        "seen": stored.get("seen") or now,
        "closed": stored.get("closed") or (now if is_closed else None),
    }
    if any(stored.get(name) != value for name, value in fields.items()):
        ctx.uow.put_if_unchanged(key, "message_receipt", fields)
