"""Notes that people who manage the run write about its records."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.errors import Forbidden, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso, moment
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.access import read_canonical_id, require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import get, is_accessible_by

from .managed_payments import read_payment
from .participant_actions import participant_named

MAX_NOTE: Final = 5_000


class NoteAbout(StrEnum):
    """The kinds of records that notes are about."""

    PARTICIPANT = "participants"
    PAYMENT = "payments"
    NODE = "nodes"


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One note."""

    id: str
    author: str
    author_name: str
    text: str
    written: datetime | None
    #: When its author has changed it last; None: never.
    changed: datetime | None = None


def write_note(ctx: Context, about: NoteAbout, record_id: str, text: str) -> NoteRow:
    """Store a note about a record; NotFound if there is no such record."""
    _require_record(ctx, about, record_id)
    actor = require_actor(ctx)
    name = keys.note_name(ctx.now, secrets.token_hex(4))
    fields = {"author": actor.id, "author_name": actor.name, "text": text, "written": iso(ctx.now)}
    ctx.uow.put_item(keys.note(about.value, record_id, name), "note", fields)
    return _row({"sk": name, **fields})


def change_note(ctx: Context, about: NoteAbout, record_id: str, note_id: str, text: str) -> NoteRow:
    """Change the text of a note; only its author may."""
    _require_record(ctx, about, record_id)
    key, item = _stored(ctx, about, record_id, note_id)
    if not is_accessible_by(ctx, "note", item, require_actor(ctx), Mode.UPDATE):
        raise Forbidden("Only the author of a note can change it.", code="not_yours")
    fields = {
        **{name: item[name] for name in ("author", "author_name", "written")},
        "text": text,
        "changed": iso(ctx.now),
    }
    ctx.uow.put_item(key, "note", fields, expect=item["v"])
    return _row({"sk": note_id, **fields})


def list_notes(ctx: Context, about: NoteAbout, record_id: str) -> Listing[NoteRow]:
    """Return all notes about a record, oldest first."""
    _require_record(ctx, about, record_id)
    rows = [_row(item) for item in ctx.uow.items(keys.notes(about.value, record_id))]
    return Listing(rows, None, len(rows), is_partial=False)


def delete_note(ctx: Context, about: NoteAbout, record_id: str, note_id: str) -> NoteRow:
    """Delete a note; only its author may, and who manages the lab."""
    _require_record(ctx, about, record_id)
    key, item = _stored(ctx, about, record_id, note_id)
    if not is_accessible_by(ctx, "note", item, require_actor(ctx), Mode.DELETE):
        raise Forbidden("Only the author of a note can delete it.", code="not_yours")
    ctx.uow.delete_item(key, expect=item["v"])
    return _row(item)


def _stored(
    ctx: Context, about: NoteAbout, record_id: str, note_id: str
) -> tuple[keys.Key, Mapping[str, Any]]:
    key = keys.note(about.value, record_id, note_id)
    item = ctx.uow.item(key)
    if item is None:
        raise NotFound(f"There is no note {note_id[:60]!r} about this record.", code="note_not_found")
    return key, item


def _require_record(ctx: Context, about: NoteAbout, record_id: str) -> None:
    if about is NoteAbout.PARTICIPANT:
        participant_named(ctx, record_id)
    elif about is NoteAbout.PAYMENT:
        read_payment(ctx, record_id)
    else:
        node_id = read_canonical_id(record_id, "node")
        if node_id is None:
            raise NotFound(f"There is no node {record_id[:40]!r}.", code="node_not_found")
        get(ctx, "node", node_id)


def _row(item: Mapping[str, Any]) -> NoteRow:
    return NoteRow(
        item["sk"],
        item["author"],
        item["author_name"],
        item["text"],
        moment(item["written"]),
        moment(item.get("changed")),
    )
