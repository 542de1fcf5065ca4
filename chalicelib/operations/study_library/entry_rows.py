"""The library as people see it: lists of entries, one entry with its versions, and the quota."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.access.rights import Actor
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.listings.listing import Listing, Looked, collect
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.study_library.library_records import (
    EntryVisibility,
    LibraryCounts,
    LibraryEntry,
    LibraryVersion,
)
from chalicelib.study.study_library.study_origins import StudyOrigin

from . import entry_records as records

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry of the library."""

    id: str
    #: Stays when the entry is renamed.
    number: int
    #: `user:<username>`, or `operator`.
    owner: str
    owner_name: str
    title: str
    description: str
    author: str
    licence: str
    #: "private", "lab" or "public".
    visibility: str
    #: The number of the newest version.
    latest: int
    #: What all versions take, in bytes.
    size: int
    #: How many people have opened its page, copied it and rated it, and how many runs of copies there were.
    views: int
    copies: int
    plays: int
    ratings: int
    #: The mean of the ratings, from 1 to 5; None without ratings.
    rating: float | None
    created: datetime | None
    modified: datetime | None
    deleted: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKindRow:
    """How many items of a kind a version has."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginRow:
    """An entry that a study was copied from."""

    entry: str
    number: int
    version: int
    sha256: str
    title: str
    author: str
    licence: str
    library: str
    address: str
    #: When it was copied, as the file of the study says.
    copied: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version of an entry, and what its package contains."""

    version: int
    sha256: str
    #: In bytes, as it is downloaded and when it is unpacked.
    size: int
    unpacked: int
    notes: str
    created: datetime | None
    created_by: str
    files: int
    assets: int
    pages: list[str]
    items: list[ItemKindRow]
    #: Where it was copied from, the nearest first.
    origins: list[OriginRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDetail:
    """An entry with its newest versions, and what you have done with it."""

    entry: EntryRow
    #: The newest first; the first 20 of many.
    versions: list[VersionRow] = field(default_factory=list)
    #: Your rating, 1 to 5; 0 for none.
    own_stars: int = 0
    is_viewed: bool = False
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class LibraryQuota:
    """The space of the library, in bytes."""

    quota: int
    #: What packages take, also those of deleted entries.
    used: int
    #: What is reserved for uploads that are under way.
    reserved: int
    count: int


@immutable()
class EntryFilter:
    """Which entries to list."""

    #: Words that the name, the title, the description, the author or the owner contain.
    words: str = ""
    #: Whether to list those of the actor alone.
    is_own: bool = False
    #: Whether to list deleted entries, instead of the others.
    is_deleted: bool = False


#: How many versions an entry is shown with.
_VERSIONS = 20


def list_entries(ctx: Context, asked: EntryFilter, after: str | None, limit: int) -> Listing[EntryRow]:
    """Return a page of the entries that the actor sees, by name."""
    found = collect(_looked_at(ctx, asked, after), limit)
    counts = records.counts_of(ctx, found.rows)
    return Listing(
        [entry_row(entry, counts[entry.number]) for entry in found.rows],
        found.next,
        found.looked_at,
        found.is_partial,
    )


def read_entry(ctx: Context, name: str) -> EntryDetail:
    """Return an entry with its versions; NotFound for one that the actor doesn't see."""
    actor = require_actor(ctx)
    entry = records.readable_entry(ctx, name, actor)
    user = records.user_of(actor)
    use = records.read_use(ctx, entry, user)
    return EntryDetail(
        entry=row_of_entry(ctx, entry),
        versions=[version_row(one) for one in _newest_versions(ctx, entry)],
        own_stars=use.stars,
        is_viewed=use.is_viewed,
        is_own=entry.owner == user,
    )


def read_public_entry(ctx: Context, name: str) -> EntryDetail:
    """Return an entry that is public, for people without an account; NotFound for any other."""
    entry = records.stored_entry(ctx, name)
    if entry is None or entry.deleted is not None or entry.visibility != EntryVisibility.PUBLIC:
        raise records.entry_not_found(name)
    return EntryDetail(
        entry=row_of_entry(ctx, entry),
        versions=[version_row(one) for one in _newest_versions(ctx, entry)],
    )


def read_library_quota(ctx: Context) -> LibraryQuota:
    """Return how much of the library's space is used."""
    space = records.read_library_space(ctx)
    return LibraryQuota(records.library_quota(ctx), space.used, space.reserved_bytes, space.count)


def row_of_entry(ctx: Context, entry: LibraryEntry, counted: LibraryCounts | None = None) -> EntryRow:
    """Return the row of an entry; `counted`: what this unit of work adds to its sums."""
    counts = records.counts_of(ctx, [entry])[entry.number]
    if counted is not None:
        counts.add(counted)
    return entry_row(entry, counts)


def entry_row(entry: LibraryEntry, counts: LibraryCounts) -> EntryRow:
    """Return the row of an entry with its sums."""
    return EntryRow(
        id=entry.name,
        number=entry.number,
        owner=entry.owner,
        owner_name=entry.owner_name,
        title=entry.title,
        description=entry.description,
        author=entry.author,
        licence=entry.licence,
        visibility=entry.visibility,
        latest=entry.latest,
        size=entry.size,
        views=counts.views,
        copies=counts.copies,
        plays=counts.plays,
        ratings=counts.ratings,
        rating=counts.rating,
        created=moment(entry.created or None),
        modified=moment(entry.modified or None),
        deleted=moment(entry.deleted),
    )


def version_row(version: LibraryVersion) -> VersionRow:
    """Return the row of a version."""
    return VersionRow(
        version=version.version,
        sha256=version.sha256,
        size=version.size,
        unpacked=version.unpacked,
        notes=version.notes,
        created=moment(version.created or None),
        created_by=version.created_by,
        files=version.files,
        assets=version.assets,
        pages=version.pages,
        items=[ItemKindRow(kind=kind, count=count) for kind, count in version.items.items()],
        origins=[origin_row(StudyOrigin(**one)) for one in version.origins],
    )


def origin_row(origin: StudyOrigin) -> OriginRow:
    """Return the row of an origin."""
    return OriginRow(
        entry=origin.entry,
        number=origin.number,
        version=origin.version,
        sha256=origin.sha256,
        title=origin.title,
        author=origin.author,
        licence=origin.licence,
        library=origin.library,
        address=origin.address,
        copied=origin.copied,
    )


def _looked_at(ctx: Context, asked: EntryFilter, after: str | None) -> Iterator[Looked[LibraryEntry]]:
    actor = require_actor(ctx)
    words = asked.words.casefold().split()
    while True:
        page = ctx.uow.page(keys.LIBRARY, after=after, limit=_BATCH)
        for item in page.items:
            entry = LibraryEntry.from_item(copy_json(dict(item)))
            is_found = _matches(entry, asked, words, actor) and records.is_readable(ctx, entry, actor)
            yield Looked(entry.name, entry if is_found else None)
        after = page.after
        if after is None:
            return


def _matches(entry: LibraryEntry, asked: EntryFilter, words: Iterable[str], actor: Actor) -> bool:
    if (entry.deleted is not None) != asked.is_deleted:
        return False
    if asked.is_own and entry.owner != records.user_of(actor):
        return False
    texts = (entry.name, entry.title, entry.description, entry.author, entry.owner_name, entry.licence)
    folded = [text.casefold() for text in texts]
    return all(any(word in text for text in folded) for word in words)


def _newest_versions(ctx: Context, entry: LibraryEntry) -> list[LibraryVersion]:
    first = max(entry.latest - _VERSIONS, 0)
    return [records.read_version(ctx, entry, number) for number in range(entry.latest, first, -1)]
