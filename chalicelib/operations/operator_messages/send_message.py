"""Sends a message to participants: stores it, and notifies the pages that are open."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.errors import BadRequest, InvalidState, NotFound, TooManyTries
from chalicelib.messages import Publish, SendToParticipants
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.erased_ids import ERASED_AT
from chalicelib.operations.shared.study_check import as_study

from .stored_messages import (
    MAX_BOXES,
    Audience,
    add_to_boxes,
    read_header,
    write_header,
)

MAX_TEXT: Final = 1_000
#: How many messages can be sent in a minute, so that a program in a loop doesn't cover participants' pages.
MAX_PER_MINUTE: Final = 10
#: Every open socket of a participant hears this channel.
NEWS: Final = "quorum"
#: To whom a message is: `all`, `all and later`, `group-3`, or the ids of participants: `12,15`.
TO_ALL, TO_ALL_AND_LATER, TO_GROUP = "all", "all and later", "group-"
RECIPIENTS: Final = "^(all( and later)?|group-[1-9][0-9]{0,14}|[1-9][0-9]{0,14}(,[1-9][0-9]{0,14}){0,199})$"
_MINUTE: Final = timedelta(minutes=1)
#: What isn't printed: control characters besides the end of a line, and those that change the direction.
_UNPRINTED: Final = "\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069"
_BECOMES_SPACE: Final = re.compile(rf"[^\S\n ]|[{_UNPRINTED}]")
#: A text with at least one character that is printed.
TEXT: Final = rf"^[^\x00]*[^\s{_UNPRINTED}][^\x00]*$"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that was sent."""

    id: int
    audience: Audience
    participant_ids: list[int] = field(metadata={"help": "Empty for a message to all."})
    recipients: int = field(metadata={"help": "How many participants it was sent to."})
    sent: datetime


def send_message(ctx: Context, text: str, to: str) -> SentMessage:
    """Send a message to some participants, to a group of a study, or to all who take part now.

    It is one record, and at most forty more name it, whoever it is for. Pages that are open are notified, and
    the others show it when they are opened.

    Args:
        ctx: The context of the change.
        text: Plain text; control characters become spaces.
        to: `all`, `all and later` for those too who arrive later, `group-3`, or ids: `12,15`.

    Returns:
        What was sent, and to whom.

    Raises:
        BadRequest: The message is empty, or `to` has another form.
        NotFound: There is no such participant or group.
        InvalidState: No participant takes part, or a participant's data were erased.
        TooManyTries: MAX_PER_MINUTE messages were sent within a minute.

    """
    words = _BECOMES_SPACE.sub(" ", text.replace("\r\n", "\n")).strip()
    if not words:
        raise BadRequest("The message is empty; write some text.", code="message_empty")
    if re.fullmatch(RECIPIENTS, to) is None:
        raise BadRequest(
            f"Say to whom the message is: {TO_ALL}, {TO_ALL_AND_LATER}, {TO_GROUP}3 or ids such as 12,15.",
            code="recipients_unclear",
        )
    if to in (TO_ALL, TO_ALL_AND_LATER):
        return _store(ctx, words, Audience.ALL, [], includes_later=to == TO_ALL_AND_LATER)
    if to.startswith(TO_GROUP):
        return _store(ctx, words, Audience.GROUP, _members(ctx, int(to.removeprefix(TO_GROUP))))
    return _store(ctx, words, Audience.PARTICIPANTS, _known(ctx, {int(one) for one in to.split(",")}))


def _known(ctx: Context, participant_ids: Collection[int]) -> list[int]:
    """Return the ids in order; NotFound for an unknown participant, InvalidState for an erased one."""
    ids = sorted(participant_ids)
    ctx.uow.prefetch(more=[keys.participant(one) for one in ids])
    for one in ids:
        if ERASED_AT in ctx.uow.participant(one).details:
            raise InvalidState(f"The data of participant {one} were erased, so no message can reach them.")
    return ids


def _members(ctx: Context, network_id: int) -> list[int]:
    """Return the members of a group of a study; NotFound if there is no such group."""
    item = None if as_study(ctx.experiment) is None else ctx.uow.item(keys.study_group(network_id))
    members = [] if item is None else [int(one["participant_id"]) for one in item["members"]]
    if not members:
        raise NotFound(f"There is no group {network_id}.", code="group_not_found")
    return sorted(members)


def _store(
    ctx: Context, text: str, audience: Audience, ids: list[int], *, includes_later: bool = False
) -> SentMessage:
    header = read_header(ctx)
    header.recent = _within_rate(ctx, header.recent)
    header.last += 1
    number = header.last
    if audience is Audience.ALL or len(ids) > MAX_BOXES:
        header.to_many = [*header.to_many, number]
    else:
        add_to_boxes(ctx, ids, number)
    write_header(ctx, header)
    recipients = len(ids) or len(ctx.uow.active_participants())
    if not recipients and not includes_later:
        raise InvalidState("No participant is taking part, so the message would reach none.")
    counter = ctx.uow.item(keys.counter("participant"))
    actor = require_actor(ctx)
    ctx.uow.put_item(
        keys.run_message(number),
        "run_message",
        {
            "id": number,
            "creation_time": iso(ctx.now),
            "audience": audience.value,
            "participant_ids": ids,
            "last_participant": 0 if counter is None else int(counter["v"]),
            "recipients": recipients,
            "includes_later": includes_later,
            "text": text,
            "author": actor.id,
            "author_name": actor.name,
        },
    )
    ring = {"operator_message": number, "is_to_all": not ids}
    ctx.uow.post(Publish(NEWS, ring) if not ids else SendToParticipants(tuple(ids), NEWS, ring))
    return SentMessage(number, audience, ids, recipients, ctx.now)


def _within_rate(ctx: Context, recent: Sequence[str]) -> list[str]:
    """Return when the messages of this minute were sent, with this one; TooManyTries for too many."""
    since = ctx.now - _MINUTE
    kept = [one for one in recent if (moment(one) or since) > since]
    if len(kept) >= MAX_PER_MINUTE:
        raise TooManyTries(
            f"{MAX_PER_MINUTE} messages were sent within a minute, which is the most. Nothing was sent; wait "
            "a minute, or write one message to all.",
            code="too_many_messages",
            retry_after=_MINUTE.total_seconds(),
        )
    return [*kept, str(iso(ctx.now))]
