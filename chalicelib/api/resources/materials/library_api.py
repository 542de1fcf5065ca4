"""/api/v1/library: studies that users of the app share: published, found, copied and rated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib import services
from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, KEY_CURSOR, LIMIT, NoParameters, One
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study_library import (
    entry_removal,
    entry_rows,
    entry_use,
    manage_entries,
    publishing,
)
from chalicelib.operations.study_library.entry_removal import RemovedEntry
from chalicelib.operations.study_library.entry_rows import (
    EntryDetail,
    EntryFilter,
    EntryRow,
    LibraryQuota,
    VersionRow,
    version_row,
)
from chalicelib.operations.study_library.entry_use import MOST_STARS
from chalicelib.operations.study_library.publishing import (
    MOST_VERSIONS,
    BegunPackage,
    CancelledPackage,
    EntryTexts,
    PackageFile,
)
from chalicelib.ports.files import LINKED_FOR
from chalicelib.study.study_library.entry_texts import (
    MAX_AUTHOR,
    MAX_DESCRIPTION,
    MAX_ENTRY_NAME,
    MAX_LICENCE,
    MAX_NOTES,
    MAX_TITLE,
)
from chalicelib.study.study_library.library_records import EntryVisibility
from chalicelib.study.study_library.study_packages import MAX_PACKAGE

RESOURCE: Final = "library"
#: Seconds by which a link is announced to end earlier than it does.
_EARLIER: Final = timedelta(seconds=10)
_NAME: Final = {
    "min": 1,
    "max": MAX_ENTRY_NAME,
    "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
    "help": "The name of the entry: `stroop-task`.",
}
_TITLE: Final = {"min": 1, "max": 2 * MAX_TITLE}
_DESCRIPTION: Final = {"max": 2 * MAX_DESCRIPTION}
_AUTHOR: Final = {"max": 2 * MAX_AUTHOR}
_LICENCE: Final = {"max": 2 * MAX_LICENCE, "help": "Such as `CC BY 4.0`."}
_VISIBILITY: Final = {
    "help": "`private`: its owner sees it; `lab`: all users; `public`: everyone who has its address."
}


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """One page of the list."""

    q: str = field(
        default="",
        metadata={"max": 200, "help": "Words of the name, title, description, author, owner or licence."},
    )
    own: bool = field(default=False, metadata={"help": "Your own entries alone."})
    deleted: bool = field(default=False, metadata={"help": "Deleted entries, instead of the others."})
    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=24, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package that is to be uploaded."""

    name: str = field(metadata=_NAME)
    size: int = field(metadata={"min": 1, "max": MAX_PACKAGE, "help": "In bytes."})
    sha256: str = field(metadata={"min": 64, "max": 64, "pattern": "^[0-9a-f]{64}$"})


@dataclass(frozen=True, slots=True)
class FinishedPackage:
    """An upload whose package has been posted, and what is written about the entry."""

    id: str = field(metadata={**ID_TEXT, "help": "The id of the upload."})
    title: str | None = field(default=None, metadata=_TITLE)
    description: str | None = field(default=None, metadata=_DESCRIPTION)
    author: str | None = field(default=None, metadata=_AUTHOR)
    licence: str | None = field(default=None, metadata=_LICENCE)
    visibility: EntryVisibility | None = field(default=None, metadata=_VISIBILITY)
    notes: str = field(default="", metadata={"max": 2 * MAX_NOTES, "help": "What is new in this version."})


@dataclass(frozen=True, slots=True)
class DescribedEntry:
    """An entry, and what is changed about it; what isn't given stays."""

    id: str = field(metadata=ID_TEXT)
    name: str | None = field(default=None, metadata=_NAME)
    title: str | None = field(default=None, metadata=_TITLE)
    description: str | None = field(default=None, metadata=_DESCRIPTION)
    author: str | None = field(default=None, metadata=_AUTHOR)
    licence: str | None = field(default=None, metadata=_LICENCE)
    visibility: EntryVisibility | None = field(default=None, metadata=_VISIBILITY)


@dataclass(frozen=True, slots=True)
class EntryToRemove:
    """A deleted entry that is removed for good."""

    id: str = field(metadata=ID_TEXT)
    confirm: str = field(
        metadata={"min": 1, "max": MAX_ENTRY_NAME, "help": "The name of the entry once more."}
    )


@dataclass(frozen=True, slots=True)
class WantedCopy:
    """A version of an entry that is copied."""

    id: str = field(metadata=ID_TEXT)
    version: int | None = field(
        default=None, metadata={"min": 1, "max": MOST_VERSIONS, "help": "By default the newest."}
    )


@dataclass(frozen=True, slots=True)
class GivenRating:
    """A rating of an entry."""

    id: str = field(metadata=ID_TEXT)
    stars: int = field(metadata={"min": 0, "max": MOST_STARS, "help": "1 to 5; 0 takes the rating back."})


@dataclass(frozen=True, slots=True)
class ReportedPlay:
    """A run of a copy."""

    id: str = field(metadata=ID_TEXT)
    run: str = field(metadata={"min": 1, "max": 100, "help": "The id of the run; only its hash is stored."})


@dataclass(frozen=True, slots=True)
class CopyDownload:
    """Where a version is downloaded, as a zip of the study's folder with its `origin.toml`."""

    url: str
    #: Until when the address is valid; ask for another one later.
    valid_until: datetime
    entry: EntryRow
    version: VersionRow


def _list(ctx: Context, asked: LibraryPage) -> Listing[EntryRow]:
    return entry_rows.list_entries(
        ctx, EntryFilter(asked.q, asked.own, asked.deleted), asked.after, asked.limit
    )


def _begin(ctx: Context, asked: NewPackage) -> BegunPackage:
    return publishing.begin_package(ctx, PackageFile(asked.name, asked.size, asked.sha256))


def _texts(asked: FinishedPackage | DescribedEntry) -> EntryTexts:
    # A request has the value as a text.
    visibility = None if asked.visibility is None else EntryVisibility(asked.visibility)
    return EntryTexts(asked.title, asked.description, asked.author, asked.licence, visibility)


def _copy(ctx: Context, asked: WantedCopy) -> CopyDownload:
    copied = entry_use.copy_entry(ctx, asked.id, asked.version)
    url = services.current().files.link(copied.version.file)
    return CopyDownload(url, ctx.now + LINKED_FOR - _EARLIER, copied.entry, version_row(copied.version))


_READING: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="library.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=LibraryPage,
        answer=Listing[EntryRow],
        run=_list,
        summary="Lists the entries of the library that you may see, by name.",
    ),
    ApiOperation(
        name="library.quota",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="quota",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=LibraryQuota,
        run=lambda ctx, _: entry_rows.read_library_quota(ctx),
        summary="Returns how much of the space of the library is used.",
    ),
    ApiOperation(
        name="library.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=EntryDetail,
        run=lambda ctx, one: entry_rows.read_entry(ctx, one.id),
        summary="Returns an entry with its newest versions, what they contain, and where they come from.",
    ),
)
_USING: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="library.copy",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="copy",
        right=Right.VIEW,
        parameters=WantedCopy,
        answer=CopyDownload,
        run=_copy,
        summary="Returns an address, valid for five minutes, at which a version is downloaded.",
        has_secret_answer=True,
    ),
    ApiOperation(
        name="library.rate",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="rate",
        right=Right.VIEW,
        parameters=GivenRating,
        answer=EntryRow,
        run=lambda ctx, asked: entry_use.rate_entry(ctx, asked.id, asked.stars),
        summary="Rates another user's entry; a second rating replaces the first one.",
    ),
    ApiOperation(
        name="library.view",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="view",
        right=Right.VIEW,
        parameters=One,
        answer=EntryRow,
        run=lambda ctx, one: entry_use.note_view(ctx, one.id),
        summary="Counts that you have opened the page of an entry, once.",
    ),
    ApiOperation(
        name="library.play",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="play",
        right=Right.VIEW,
        parameters=ReportedPlay,
        answer=EntryRow,
        run=lambda ctx, asked: entry_use.note_play(ctx, asked.id, asked.run),
        summary="Counts a run of a copy, once for each run.",
    ),
)
_KEEPING: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="library.begin",
        method="POST",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EDIT_MATERIALS,
        parameters=NewPackage,
        answer=BegunPackage,
        run=_begin,
        summary="Reserves the space of a package and returns the form with which it is posted, for an hour; "
        "or returns the entry whose newest version is the same.",
        records=lambda asked: ((RESOURCE, asked.name),),
        has_secret_answer=True,
    ),
    ApiOperation(
        name="library.finish",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="finish",
        right=Right.EDIT_MATERIALS,
        parameters=FinishedPackage,
        answer=EntryRow,
        run=lambda ctx, asked: publishing.finish_package(ctx, asked.id, _texts(asked), asked.notes),
        summary="Checks the package that has been posted, and publishes it as a version of its entry.",
    ),
    ApiOperation(
        name="library.cancel",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="cancel",
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=CancelledPackage,
        run=lambda ctx, one: publishing.cancel_package(ctx, one.id),
        summary="Gives up an upload, and gives back its space.",
    ),
    ApiOperation(
        name="library.describe",
        method="PATCH",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.EDIT_MATERIALS,
        parameters=DescribedEntry,
        answer=EntryRow,
        run=lambda ctx, asked: manage_entries.describe_entry(ctx, asked.id, _texts(asked), asked.name),
        summary="Changes what is written about an entry, who sees it, or its name.",
    ),
    ApiOperation(
        name="library.delete",
        method="DELETE",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=EntryRow,
        run=lambda ctx, one: manage_entries.delete_entry(ctx, one.id),
        summary="Deletes an entry; it can be restored.",
    ),
    ApiOperation(
        name="library.restore",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="restore",
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=EntryRow,
        run=lambda ctx, one: manage_entries.restore_entry(ctx, one.id),
        summary="Restores a deleted entry.",
    ),
    ApiOperation(
        name="library.remove",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="remove",
        right=Right.EDIT_MATERIALS,
        parameters=EntryToRemove,
        answer=RemovedEntry,
        run=lambda ctx, asked: entry_removal.remove_entry(ctx, asked.id, asked.confirm),
        summary="Removes a deleted entry for good, with all of its versions, and gives back its space.",
    ),
)

OPERATIONS: Final[tuple[AnyOperation, ...]] = (*_READING, *_USING, *_KEEPING)
