"""Restores the messages of people who manage the run to participants, and who has seen them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chalicelib.export import Export, MalformedTableError
from chalicelib.export.table_schema import MESSAGES, RECEIPTS, Row
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.operator_messages.stored_messages import MAX_BOXES, MAX_NAMED, Audience
from chalicelib.storage.engine import Item

from .ids import Ids
from .items import item_at
from .writer import Writer

#: Columns that are never empty.
_ESSENTIAL: Final = {
    MESSAGES: ("id", "creation_time", "audience", "participant_ids", "last_participant", "recipients"),
    RECEIPTS: ("message_id", "participant_id", "seen"),
}


def check_messages(export: Export, ids: Ids) -> None:
    """Check the messages and their receipts; MalformedTableError names the first that can't be restored."""
    known: set[int] = set()
    for line, row in _rows(export, MESSAGES):
        if row["id"] < 1 or row["id"] in known or row["audience"] not in list(Audience):
            raise MalformedTableError(
                f"{MESSAGES}.csv", line, "this isn't a message with an id of its own. Was the file edited?"
            )
        known.add(row["id"])
        for participant_id in row["participant_ids"]:
            _require_participant(ids, MESSAGES, line, participant_id)
    seen: set[tuple[int, int]] = set()
    for line, row in _rows(export, RECEIPTS):
        _require_participant(ids, RECEIPTS, line, row["participant_id"])
        receipt = (row["message_id"], row["participant_id"])
        if row["message_id"] not in known or receipt in seen:
            raise MalformedTableError(
                f"{RECEIPTS}.csv",
                line,
                f"{row['message_id']} isn't a message of {MESSAGES}.csv, or the row occurs twice.",
            )
        seen.add(receipt)


def write_messages(export: Export, writer: Writer) -> None:
    """Write the messages, what names them for the pages of participants, and the receipts."""
    boxes: dict[int, list[int]] = {}
    to_many: list[int] = []
    last = 0
    for _, row in _rows(export, MESSAGES):
        last = max(last, row["id"])
        if row["audience"] == Audience.ALL or len(row["participant_ids"]) > MAX_BOXES:
            to_many.append(row["id"])
        else:
            for participant_id in row["participant_ids"]:
                boxes.setdefault(participant_id, []).append(row["id"])
        writer.put(_message_item(row))
    if not last:
        return
    for participant_id, numbers in boxes.items():
        fields = {"numbers": sorted(numbers)[-MAX_NAMED:]}
        writer.put(item_at(keys.message_box(participant_id), "message_box", fields))
    header = {"last": last, "to_many": sorted(to_many)[-MAX_NAMED:], "recent": []}
    writer.put(item_at(keys.MESSAGES_HEADER, "message_header", header))
    writer.put_all(_receipt_item(row) for _, row in _rows(export, RECEIPTS))


def _rows(export: Export, table: str) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a table with their lines; nothing for an export without it."""
    if table not in export.tables:
        return
    with export.rows(table) as (header, rows):
        for line, values in rows:
            row = dict(zip(header, values, strict=True))
            for name in _ESSENTIAL[table]:
                if row.get(name) is None:
                    raise MalformedTableError(f"{table}.csv", line, f"{name} is empty or missing.")
            yield line, row


def _require_participant(ids: Ids, table: str, line: int, participant_id: int) -> None:
    if not ids.has("participant", participant_id):
        raise MalformedTableError(
            f"{table}.csv", line, f"it names participant {participant_id}, whom participant.csv doesn't have."
        )


def _message_item(row: Row) -> Item:
    fields = {
        "id": row["id"],
        "creation_time": iso(row["creation_time"]),
        "audience": row["audience"],
        "participant_ids": row["participant_ids"],
        "last_participant": row["last_participant"],
        "recipients": row["recipients"],
        "includes_later": bool(row.get("includes_later")),
        **{name: row.get(name) or "" for name in ("text", "author", "author_name")},
    }
    return item_at(keys.run_message(row["id"]), "run_message", fields)


def _receipt_item(row: Row) -> Item:
    closed = row.get("closed")
    fields = {
        "participant_id": row["participant_id"],
        "seen": iso(row["seen"]),
        "closed": None if closed is None else iso(closed),
    }
    return item_at(keys.message_receipt(row["message_id"], row["participant_id"]), "message_receipt", fields)
