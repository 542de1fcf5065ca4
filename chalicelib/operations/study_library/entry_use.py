"""What users do with entries of the library: they open, copy, rate and run them, each counted once.

A user has one record for each entry, so a rating that is changed replaces the one before, and a page that is
opened again isn't counted again. Each user belongs to one of a few sums, written in the same commit: the sums
are exact, and users who act at once rarely wait for one another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from chalicelib.errors import Forbidden, InvalidField
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.study.study_library.library_records import (
    LibraryCounts,
    LibraryEntry,
    LibraryUse,
    LibraryVersion,
)

from . import entry_records as records
from .entry_rows import EntryRow, row_of_entry

MOST_STARS: Final = 5
#: How many runs of a copy are counted for each user.
MOST_PLAYS: Final = 100
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class CopiedVersion:
    """A version that is copied, and what the file store knows of it."""

    entry: EntryRow
    version: LibraryVersion


def note_view(ctx: Context, name: str) -> EntryRow:
    """Count that a user has opened the page of an entry, once; its owner isn't counted."""
    entry, user, use = _used(ctx, name)
    counted = LibraryCounts()
    if not use.is_viewed and entry.owner != user:
        use.is_viewed, counted.views = True, 1
        records.store_use(ctx, entry, user, use, counted)
    return row_of_entry(ctx, entry, counted)


def rate_entry(ctx: Context, name: str, stars: int) -> EntryRow:
    """Rate an entry with 1 to 5; 0 takes the rating back. InvalidField otherwise, Forbidden for one's own."""
    if not 0 <= stars <= MOST_STARS:
        raise InvalidField("stars", f"must be between 1 and {MOST_STARS}, or 0 to take the rating back")
    entry, user, use = _used(ctx, name)
    records.require_not_deleted(entry)
    if entry.owner == user:
        raise Forbidden("You can't rate your own entry.", code="own_entry")
    counted = LibraryCounts(ratings=bool(stars) - bool(use.stars), stars=stars - use.stars)
    if stars != use.stars:
        use.stars = stars
        records.store_use(ctx, entry, user, use, counted)
    return row_of_entry(ctx, entry, counted)


def copy_entry(ctx: Context, name: str, version: int | None = None) -> CopiedVersion:
    """Return a version to download, by default the newest; a user's first copy of each version is counted."""
    entry, user, use = _used(ctx, name)
    records.require_not_deleted(entry)
    found = records.read_version(ctx, entry, entry.latest if version is None else version)
    counted = LibraryCounts()
    if found.version > use.copied and entry.owner != user:
        use.copied, counted.copies = found.version, 1
        records.store_use(ctx, entry, user, use, counted)
    return CopiedVersion(row_of_entry(ctx, entry, counted), found)


def note_play(ctx: Context, name: str, run_id: str) -> EntryRow:
    """Count a run of a copy, once for each run of a user, and MOST_PLAYS runs at most."""
    entry, user, use = _used(ctx, name)
    mark = hashlib.sha256(run_id.encode()).hexdigest()[:_DIGITS]
    counted = LibraryCounts()
    if mark not in use.plays and len(use.plays) < MOST_PLAYS:
        use.plays.append(mark)
        counted.plays = 1
        records.store_use(ctx, entry, user, use, counted)
    return row_of_entry(ctx, entry, counted)


def _used(ctx: Context, name: str) -> tuple[LibraryEntry, str, LibraryUse]:
    actor = require_actor(ctx)
    entry = records.readable_entry(ctx, name, actor)
    user = records.user_of(actor)
    return entry, user, records.read_use(ctx, entry, user)
