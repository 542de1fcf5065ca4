"""Describes, renames, deletes and restores entries of the library."""

from __future__ import annotations

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.study.study_library import entry_texts
from chalicelib.study.study_library.library_records import LibraryEntry

from . import entry_records as records
from .entry_rows import EntryRow, row_of_entry
from .publishing import EntryTexts, apply_texts


def describe_entry(ctx: Context, name: str, texts: EntryTexts, new_name: str | None = None) -> EntryRow:
    """Change what is written about an entry, who sees it, or its name; what is None stays.

    NotFound for an entry that the actor doesn't see, Forbidden for another user's, InvalidField for a text
    that isn't valid, InvalidState for a deleted entry and for a name that another entry has.
    """
    entry = records.changeable_entry(ctx, name)
    records.require_not_deleted(entry)
    apply_texts(entry, texts)
    if new_name is not None and new_name != name:
        _rename(ctx, entry, entry_texts.checked_entry_name(new_name))
    records.store_entry(ctx, entry)
    return row_of_entry(ctx, entry)


def delete_entry(ctx: Context, name: str) -> EntryRow:
    """Delete an entry, which can be restored; no other user finds or copies it meanwhile."""
    entry = records.changeable_entry(ctx, name, Mode.DELETE)
    if entry.deleted is None:
        entry.deleted, entry.deleted_by = str(iso(ctx.now)), records.user_of(require_actor(ctx))
        records.store_entry(ctx, entry)
    return row_of_entry(ctx, entry)


def restore_entry(ctx: Context, name: str) -> EntryRow:
    """Restore a deleted entry; an entry that isn't deleted stays as it is."""
    entry = records.changeable_entry(ctx, name, Mode.DELETE)
    if entry.deleted is not None:
        entry.deleted, entry.deleted_by = None, ""
        records.store_entry(ctx, entry)
    return row_of_entry(ctx, entry)


def _rename(ctx: Context, entry: LibraryEntry, name: str) -> None:
    if records.stored_entry(ctx, name) is not None:
        raise InvalidState(
            f"Another entry has the name {name}, possibly a deleted or private one. Choose another name.",
            code="entry_name_taken",
        )
    records.delete_entry_record(ctx, entry.name)
    entry.name = name
