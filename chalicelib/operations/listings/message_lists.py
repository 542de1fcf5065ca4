"""Lists the messages to participants, and who has seen each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chalicelib.errors import NotFound
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.operator_messages.stored_messages import was_sent_to
from chalicelib.operations.shared.access import read_canonical_id
from chalicelib.operations.shared.context import Context

from .listing import (
    COST_OF_QUERY,
    NO_FILTER,
    Listing,
    Looked,
    RecordFilter,
    collect,
    contains,
    read_cursor,
    require_limit,
    write_cursor,
)

#: How many participants who have seen a message are counted, or named.
MOST_RECEIPTS: Final = 1_000
_BATCH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMessageRow:
    """A message to participants."""

    id: int
    creation_time: datetime
    audience: str = field(metadata={"help": "participants, group or all."})
    participant_ids: list[int] = field(default_factory=list, metadata={"help": "Empty for a message to all."})
    recipients: int = field(metadata={"help": "How many participants it was sent to."})
    includes_later: bool = field(metadata={"help": "Whether participants who arrived later see it too."})
    text: str
    author: str
    author_name: str
    seen: int = field(metadata={"help": "How many participants have seen it, at most 1,000."})


@dataclass(frozen=True, slots=True)
class MessageReceipt:
    """When a participant saw a message."""

    participant_id: int
    seen: datetime
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """A message to participants, and who has seen it."""

    message: RunMessageRow
    receipts: list[MessageReceipt]
    not_seen_by: list[int] = field(
        metadata={"help": "Of the participants that it names; a message to all names none."}
    )


def list_messages(
    ctx: Context, record_filter: RecordFilter = NO_FILTER, cursor: str | None = None, limit: int = 50
) -> Listing[RunMessageRow]:
    """Return messages to participants, newest first. `type`: the audience."""
    require_limit(limit)
    after = None if cursor is None else read_cursor(cursor, 0)[1]
    return collect(_look(ctx, record_filter, after, min(limit + 1, _BATCH)), limit)


def read_message(ctx: Context, message_id: str) -> MessageDetail:
    """Return a message, and who has seen it; NotFound for an unknown id."""
    number = read_canonical_id(message_id, "message")
    item = None if number is None else ctx.uow.item(keys.run_message(number))
    if number is None or item is None:
        raise NotFound(f"There is no message {message_id[:40]!r}.", code="message_not_found")
    receipts = [_receipt(ctx, each) for each in _receipts(ctx, number)]
    seen = {one.participant_id for one in receipts}
    not_seen = [one for one in item["participant_ids"] if one not in seen]
    return MessageDetail(_row(item, len(receipts)), receipts, not_seen)


def _look(
    ctx: Context, record_filter: RecordFilter, after: str | None, batch: int
) -> Iterator[Looked[RunMessageRow]]:
    while True:
        page = ctx.uow.page(keys.MESSAGES, after=after, limit=batch, newest_first=True)
        for item in page.items:
            if item["kind"] == "run_message":
                yield _looked(ctx, record_filter, item)
        if page.after is None:
            return
        after = page.after


def _looked(ctx: Context, record_filter: RecordFilter, item: Mapping[str, Any]) -> Looked[RunMessageRow]:
    wanted = record_filter.participant_id
    is_found = (
        record_filter.type in (None, item["audience"])
        and (wanted is None or was_sent_to(item, wanted))
        and (record_filter.text is None or contains(record_filter.text, item["id"], item["text"]))
    )
    if not is_found:
        return Looked(write_cursor(item["sk"]), None)
    row = _row(item, len(_receipts(ctx, item["id"])))
    return Looked(write_cursor(item["sk"]), row, cost=1 + COST_OF_QUERY)


def _receipts(ctx: Context, number: int) -> list[dict[str, Any]]:
    return list(ctx.uow.page(keys.message_receipts(number), limit=MOST_RECEIPTS).items)


def _receipt(ctx: Context, item: Mapping[str, Any]) -> MessageReceipt:
    return MessageReceipt(
        int(item["participant_id"]), moment(item["seen"]) or ctx.now, moment(item.get("closed"))
    )


def _row(item: Mapping[str, Any], seen: int) -> RunMessageRow:
    return RunMessageRow(
        id=int(item["id"]),
        creation_time=datetime.fromisoformat(item["creation_time"]),
        audience=item["audience"],
        participant_ids=[int(one) for one in item["participant_ids"]],
        recipients=int(item["recipients"]),
        includes_later=bool(item["includes_later"]),
        text=item["text"],
        author=item["author"],
        author_name=item["author_name"],
        seen=seen,
    )
