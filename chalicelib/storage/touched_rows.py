"""Lists the rows that a unit of work is about to write or delete, as the rules for rows see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.model.record import Record
from chalicelib.ports.store import TouchedRow

from . import record_mapping
from .engine import Expect, Item, Key

#: The kinds of items, besides records, that have rules and that operations write or delete.
ITEMS_WITH_RULES: Final = frozenset({"note", "dead_letter", "run_message"})
_NAME_OF: Final = {stored: name for name, stored in record_mapping.STORED_AS.items()}


def touched_rows(
    changed: Sequence[Record],
    written: Mapping[Key, tuple[Item, Expect]],
    deleted: Collection[Key],
    read: Mapping[Key, Item | None],
) -> list[TouchedRow]:
    """Return the rows of changed records, and of the items that are written or deleted.

    `read`: the items as this unit of work has read them.
    """
    rows = [_of_record(record, read) for record in changed]
    return [*rows, *_of_written(written, read), *_of_deleted(deleted, read)]


def _of_record(record: Record, read: Mapping[Key, Item | None]) -> TouchedRow:
    kind = record_mapping.kind_of(record)
    after = _named(record_mapping.fields_of(record))
    stored = None if record.is_new else read.get(record_mapping.keys_of(record)[0])
    # A payment without an item here had another key before. Other records may have been read in another way,
    # such as with their transmission.
    unknown = {} if kind == "payment" else after
    before = unknown if stored is None else _named(stored)
    mode = Mode.CREATE if record.is_new else Mode.UPDATE
    id_ = f"{after['participant_id']}-{after['kind']}" if kind == "payment" else str(record.id)
    return TouchedRow(kind, id_, mode, {} if record.is_new else before, after)


def _of_written(
    written: Mapping[Key, tuple[Item, Expect]], read: Mapping[Key, Item | None]
) -> Iterator[TouchedRow]:
    for key, (item, _) in written.items():
        if item["kind"] in ITEMS_WITH_RULES:
            before = read.get(key)
            mode = Mode.CREATE if before is None else Mode.UPDATE
            yield TouchedRow(item["kind"], key[1], mode, before or {}, item)


def _of_deleted(deleted: Collection[Key], read: Mapping[Key, Item | None]) -> Iterator[TouchedRow]:
    for key in deleted:
        item = read.get(key)
        if item is not None and item["kind"] in ITEMS_WITH_RULES:
            yield TouchedRow(item["kind"], key[1], Mode.DELETE, item, {})


def _named(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's fields under their own names."""
    named = {name: value for name, value in stored.items() if name not in _NAME_OF}
    return {**named, **{name: stored[at] for at, name in _NAME_OF.items() if at in stored}}
