"""Removes deleted entries for good: the entry and its space in one commit, then its packages in parts.

Nobody finds an entry any more once that commit is written, and its name is free. A message has the packages
deleted: first the files, then their records, so a worker that is cut off finds again what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidField, InvalidState
from chalicelib.messages import RemovePackages
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context

from . import entry_records as records

#: How many records one commit deletes of each kind; a transaction of DynamoDB has 100 at most.
_AT_ONCE: Final = 25


@dataclass(frozen=True, slots=True)
class RemovedEntry:
    """An entry that was removed for good."""

    id: str
    #: The space that it gives back, in bytes.
    size: int


@dataclass(frozen=True, slots=True)
class StoredPackage:
    """A package that is to be removed: its version, and where the file store keeps it."""

    version: int
    file: str


def remove_entry(ctx: Context, name: str, confirmed: str) -> RemovedEntry:
    """Remove a deleted entry for good, with all of its versions; `confirmed`: its name, typed by the actor.

    NotFound for an entry that the actor doesn't see, Forbidden for another user's, InvalidState for one that
    isn't deleted, InvalidField for another name.
    """
    entry = records.changeable_entry(ctx, name, Mode.DELETE)
    if entry.deleted is None:
        raise InvalidState("Delete the entry first; a deleted one can be removed.", code="entry_not_deleted")
    if confirmed != name:
        raise InvalidField("confirm", f"must be the name of the entry, {name}, to remove it for good")
    space = records.read_library_space(ctx)
    space.used -= entry.size
    space.count -= 1
    records.store_library_space(ctx, space)
    records.delete_entry_record(ctx, name)
    ctx.uow.post(RemovePackages(entry.number))
    return RemovedEntry(name, entry.size)


def packages_to_remove(ctx: Context, number: int) -> list[StoredPackage]:
    """Return some packages of an entry that was removed; none when all are."""
    page = ctx.uow.page(keys.library_versions(number), limit=_AT_ONCE)
    return [StoredPackage(int(item["version"]), str(item["file"])) for item in page.items]


def finish_package_removal(ctx: Context, number: int, removed: list[StoredPackage]) -> None:
    """Delete the records of packages whose files are removed, and have the next ones removed.

    When no package is left, what people did with the entry is deleted.
    """
    for package in removed:
        ctx.uow.delete_item(keys.library_version(number, package.version))
    uses = [] if removed else ctx.uow.page(keys.library_uses(number), limit=_AT_ONCE).items
    for item in uses:
        ctx.uow.delete_item((item["pk"], item["sk"]))
    if removed or uses:
        ctx.uow.post(RemovePackages(number))
        return
    for key in keys.library_counts(number):
        ctx.uow.delete_item(key)
