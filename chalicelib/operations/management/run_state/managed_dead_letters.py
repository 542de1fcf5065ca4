"""Dead letters as people manage them: listed, replayed, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.schedule import dead_letters
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    """A message that failed too often."""

    id: str
    kind: str = field(metadata={"help": "The kind of message, such as send_payment."})
    why: str = field(metadata={"help": "The last error."})
    died: datetime | None
    body: dict[str, Any] | None = field(metadata={"personal": True, "help": "The message itself."})


def page_of_dead_letters(ctx: Context, after: str | None, limit: int) -> Listing[DeadLetterRow]:
    """Return dead letters, oldest first."""
    letters, following = dead_letters.dead_letters_page(ctx, after or None, limit)
    return Listing([_row(one) for one in letters], following, len(letters), is_partial=False)


def read_dead_letter(ctx: Context, letter_id: str) -> DeadLetterRow:
    """Return one dead letter; NotFound for an unknown id."""
    return _row(dead_letters.dead_letter(ctx, letter_id))


def replay_one_dead_letter(ctx: Context, letter_id: str) -> DeadLetterRow:
    """Send a dead letter's message again; return the letter, which is gone. NotFound for an unknown id."""
    letter = read_dead_letter(ctx, letter_id)
    dead_letters.replay_dead_letter(ctx, letter_id)
    return letter


def drop_dead_letter(ctx: Context, letter_id: str) -> DeadLetterRow:
    """Delete a dead letter, whose message isn't carried out any more; NotFound for an unknown id."""
    letter = read_dead_letter(ctx, letter_id)
    key = (keys.DEAD_LETTERS, letter_id)
    item = ctx.uow.item(key)
    ctx.uow.delete_item(key, expect=None if item is None else item["v"])
    return letter


def _row(letter: Mapping[str, Any]) -> DeadLetterRow:
    return DeadLetterRow(
        id=letter["id"],
        kind=letter["kind"],
        why=letter["why"],
        died=moment(letter["died"]),
        body=dict(letter["body"]),
    )
