"""Reads and writes the records of the library, and the account of its space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.access.rights import Actor
from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import is_accessible_by, require_touched
from chalicelib.serializable import copy_json
from chalicelib.study.study_library.library_records import (
    LibraryCounts,
    LibraryEntry,
    LibrarySpace,
    LibraryUse,
    LibraryVersion,
)

_MB: Final = 1_000_000
_COUNTED: Final = ("views", "copies", "plays", "ratings", "stars")


def user_of(actor: Actor) -> str:
    """Return who acts, whichever token they use: `user:<username>`, or `operator`."""
    return actor.id if actor.username is None else f"user:{actor.username}"


def stored_entry(ctx: Context, name: str) -> LibraryEntry | None:
    """Return the entry with a name, also a deleted one; None without one."""
    item = ctx.uow.item(keys.library_entry(name))
    return None if item is None else LibraryEntry.from_item(copy_json(dict(item)))


def row_fields(entry: LibraryEntry) -> Mapping[str, Any]:
    """Return an entry as the rules for rows see it; `id`: how a refusal names it."""
    return {
        "id": entry.name,
        "owner": entry.owner,
        "visibility": entry.visibility,
        "deleted": entry.deleted,
    }


def is_readable(ctx: Context, entry: LibraryEntry, actor: Actor) -> bool:
    """Whether an actor sees an entry."""
    return is_accessible_by(ctx, LibraryEntry.kind, row_fields(entry), actor)


def readable_entry(ctx: Context, name: str, actor: Actor) -> LibraryEntry:
    """Return an entry that the actor sees; NotFound for any other, as for one that doesn't exist."""
    entry = stored_entry(ctx, name)
    if entry is None or not is_readable(ctx, entry, actor):
        raise entry_not_found(name)
    return entry


def changeable_entry(ctx: Context, name: str, mode: Mode = Mode.UPDATE) -> LibraryEntry:
    """Return an entry that the actor may change or delete; NotFound or Forbidden otherwise."""
    entry = stored_entry(ctx, name)
    if entry is None:
        # The same refusals as for an entry that is there.
        require_touched(ctx, LibraryEntry.kind, mode, [])
        raise entry_not_found(name)
    try:
        require_touched(ctx, LibraryEntry.kind, mode, [row_fields(entry)])
    except NotFound as error:
        raise entry_not_found(name) from error
    return entry


def entry_not_found(name: str) -> NotFound:
    """Return the refusal of an entry that isn't there, or isn't shown to the actor."""
    return NotFound(f"There is no entry {name[:64]!r} in the library.", code="entry_not_found")


def require_not_deleted(entry: LibraryEntry) -> None:
    """Raise InvalidState for a deleted entry."""
    if entry.deleted is not None:
        raise InvalidState(f"{entry.name} is deleted. Restore it first.", code="entry_deleted")


def store_entry(ctx: Context, entry: LibraryEntry) -> None:
    """Write an entry, if it is stored as it was read."""
    entry.modified = str(iso(ctx.now))
    ctx.uow.put_if_unchanged(keys.library_entry(entry.name), LibraryEntry.kind, entry.to_fields())


def delete_entry_record(ctx: Context, name: str) -> None:
    """Delete the record of the entry with a name, if it is stored as it was read."""
    item = ctx.uow.item(keys.library_entry(name))
    if item is not None:
        ctx.uow.delete_item(keys.library_entry(name), expect=item["v"])


def read_version(ctx: Context, entry: LibraryEntry, version: int) -> LibraryVersion:
    """Return a version of an entry; NotFound for one that it doesn't have."""
    item = ctx.uow.item(keys.library_version(entry.number, version)) if 0 < version <= entry.latest else None
    if item is None:
        raise NotFound(f"{entry.name} has no version {version}.", code="version_not_found")
    return LibraryVersion.from_item(copy_json(dict(item)))


def read_use(ctx: Context, entry: LibraryEntry, user: str) -> LibraryUse:
    """Return what a user has done with an entry."""
    item = ctx.uow.item(keys.library_use(entry.number, user))
    return LibraryUse() if item is None else LibraryUse.from_item(copy_json(dict(item)))


def store_use(ctx: Context, entry: LibraryEntry, user: str, use: LibraryUse, counted: LibraryCounts) -> None:
    """Write what a user has done, and add it to the sums in the same commit."""
    ctx.uow.put_if_unchanged(keys.library_use(entry.number, user), LibraryUse.kind, use.to_fields())
    key = keys.library_count(entry.number, user)
    item = ctx.uow.item(key)
    sums = LibraryCounts() if item is None else LibraryCounts.from_item(copy_json(dict(item)))
    sums.add(counted)
    ctx.uow.put_if_unchanged(key, LibraryCounts.kind, sums.to_fields())


def counts_of(ctx: Context, entries: Iterable[LibraryEntry]) -> dict[int, LibraryCounts]:
    """Return the sums of entries, by their numbers."""
    wanted = {key: entry.number for entry in entries for key in keys.library_counts(entry.number)}
    sums = {number: LibraryCounts() for number in wanted.values()}
    if wanted:
        for key, item in ctx.uow.get_fields(list(wanted), _COUNTED).items():
            sums[wanted[key]].add(LibraryCounts.from_item(item))
    return sums


def read_library_space(ctx: Context) -> LibrarySpace:
    """Return the account of the space, without reservations that have ended."""
    item: Mapping[str, Any] = ctx.uow.item(keys.LIBRARY_SPACE) or {}
    space = LibrarySpace.from_item(copy_json(dict(item)))
    space.drop_ended(ctx.now)
    return space


def store_library_space(ctx: Context, space: LibrarySpace) -> None:
    """Write the account of the space, if it is stored as it was read."""
    ctx.uow.put_if_unchanged(keys.LIBRARY_SPACE, LibrarySpace.kind, space.to_fields())


def library_quota(ctx: Context) -> int:
    """Return the space for packages, in bytes."""
    return ctx.settings.library_quota_mb * _MB
