"""Publishes studies: a package is uploaded, checked, and becomes a version of an entry in one commit.

Space is reserved when an upload begins, and settled when it ends, as for assets: uploads that run at once
can't exceed the quota together. An entry belongs to the user who published its first version.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access.rights import Actor
from chalicelib.access.rules import Mode
from chalicelib.errors import BadRequest, Forbidden, InvalidField, InvalidState, NotFound
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_touched
from chalicelib.ports.files import GRANTED_FOR, FoundFile
from chalicelib.study.study_library import entry_texts
from chalicelib.study.study_library.library_records import (
    EntryVisibility,
    LibraryEntry,
    LibrarySpace,
    LibraryVersion,
)
from chalicelib.study.study_library.study_origins import StudyOrigin
from chalicelib.study.study_library.study_packages import MAX_PACKAGE, check_package, write_package

from . import entry_records as records
from .entry_rows import EntryRow, row_of_entry

#: For how long the space of an upload is reserved: as long as its form can be used, and some minutes more.
PACKAGE_RESERVED_FOR: Final = GRANTED_FOR + timedelta(minutes=10)
#: How many uploads of a library can be under way, how many entries it has, and how many versions an entry.
MOST_PACKAGES_AT_ONCE: Final = 50
MOST_ENTRIES: Final = 10_000
MOST_VERSIONS: Final = 200
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MB: Final = 1_000_000
#: How much of its hash the name of a stored package contains.
_DIGITS: Final = 16


@immutable()
class PackageFile:
    """A package that is to be uploaded: the name of the entry, its size in bytes, and its SHA-256."""

    name: str
    size: int
    sha256: str


@immutable()
class EntryTexts:
    """What is written about an entry; None leaves what is stored, and a new entry gets the default."""

    title: str | None = None
    description: str | None = None
    author: str | None = None
    licence: str | None = None
    visibility: EntryVisibility | None = None


@dataclass(frozen=True, slots=True)
class BegunPackage:
    """Where the package is posted, or the entry whose newest version has this content already."""

    #: The id with which the upload is finished; "" when nothing has to be uploaded.
    id: str = ""
    url: str = ""
    #: The fields of the form that is posted; without fields, the body is the file itself.
    fields: dict[str, str] = field(default_factory=dict)
    #: Until when the file can be posted.
    valid_until: datetime | None = None
    #: The entry whose newest version is the same.
    entry: EntryRow | None = None


@dataclass(frozen=True, slots=True)
class CancelledPackage:
    """An upload that was given up."""

    id: str


def begin_package(ctx: Context, file: PackageFile) -> BegunPackage:
    """Reserve the space of a package, and return the form with which it is posted.

    Raises InvalidField for a name, a size or a hash that isn't valid, Forbidden for a name that belongs to
    another user, BadRequest for a package that is too large, and InvalidState when the quota is exceeded, the
    library is full, or the entry is deleted.
    """
    actor = require_touched(ctx, LibraryEntry.kind, Mode.CREATE, [{}])
    entry = _own_entry(ctx, entry_texts.checked_entry_name(file.name), actor)
    _check_announced(file)
    if entry is not None and records.read_version(ctx, entry, entry.latest).uploaded == file.sha256:
        return BegunPackage(entry=row_of_entry(ctx, entry))
    space = records.read_library_space(ctx)
    _require_library_space(ctx, space, file.size)
    upload_id = secrets.token_hex(12)
    space.reserved[upload_id] = {
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "by": records.user_of(actor),
        "until": int((ctx.now + PACKAGE_RESERVED_FOR).timestamp()),
    }
    records.store_library_space(ctx, space)
    form = ctx.files.grant(
        _reference(upload_id), media_type="application/octet-stream", size=file.size, sha256=file.sha256
    )
    return BegunPackage(upload_id, form.url, dict(form.fields), ctx.now + GRANTED_FOR)


def finish_package(ctx: Context, upload_id: str, texts: EntryTexts, notes: str = "") -> EntryRow:
    """Store the package that has been posted as a version, and count its size, in one commit.

    NotFound for an upload that was finished, cancelled, has expired, or is another user's; InvalidState while
    the package hasn't arrived; BadRequest for one that isn't taken, which says why.
    """
    actor = require_touched(ctx, LibraryEntry.kind, Mode.CREATE, [{}])
    space = records.read_library_space(ctx)
    reserved = _reservation(space, upload_id, actor)
    found = ctx.files.find(_reference(upload_id))
    if found is None:
        raise InvalidState(
            "The package hasn't arrived. Post it to the address of the upload first.",
            code="package_not_sent",
        )
    _check_arrived(found, reserved)
    facts = check_package(b"".join(ctx.files.read(_reference(upload_id))))
    entry = _own_entry(ctx, str(reserved["name"]), actor)
    if entry is None:
        space.count += 1
        entry = _new_entry(ctx, str(reserved["name"]), actor)
    if entry.latest >= MOST_VERSIONS:
        raise InvalidState(f"An entry can have {MOST_VERSIONS} versions.", code="library_full")
    apply_texts(entry, texts)
    entry.latest += 1
    package = write_package(facts.contents, [_origin_of(ctx, entry, found.sha256), *facts.origins])
    if len(package) > MAX_PACKAGE:
        # Media are stored as they are, which takes more than a zip that compresses them.
        raise _too_large(len(package))
    del space.reserved[upload_id]
    free = space.free(records.library_quota(ctx))
    if len(package) > free:
        raise library_full(len(package), free)
    entry.size += len(package)
    space.used += len(package)
    sha256 = hashlib.sha256(package).hexdigest()
    # Another call that finishes this upload at the same time writes another file, if it writes another text.
    reference = f"library/{upload_id}-{sha256[:_DIGITS]}.zip"
    ctx.files.put(reference, [package])
    records.store_library_space(ctx, space)
    records.store_entry(ctx, entry)
    version = LibraryVersion(
        version=entry.latest,
        sha256=sha256,
        uploaded=found.sha256,
        size=len(package),
        unpacked=facts.unpacked,
        file=reference,
        notes=entry_texts.paragraphs("notes", notes, entry_texts.MAX_NOTES),
        created=str(iso(ctx.now)),
        created_by=records.user_of(actor),
        files=facts.files,
        assets=facts.assets,
        pages=facts.pages,
        items=facts.items,
        origins=[one.to_fields() for one in facts.origins],
    )
    key = keys.library_version(entry.number, version.version)
    ctx.uow.put_if_unchanged(key, LibraryVersion.kind, version.to_fields())
    return row_of_entry(ctx, entry)


def cancel_package(ctx: Context, upload_id: str) -> CancelledPackage:
    """Give back the space of an upload that isn't finished; NotFound when there is none of this user."""
    actor = require_touched(ctx, LibraryEntry.kind, Mode.CREATE, [{}])
    space = records.read_library_space(ctx)
    _reservation(space, upload_id, actor)
    del space.reserved[upload_id]
    records.store_library_space(ctx, space)
    return CancelledPackage(upload_id)


def apply_texts(entry: LibraryEntry, texts: EntryTexts) -> None:
    """Change what is written about an entry; InvalidField for a text that isn't valid."""
    if texts.title is not None:
        entry.title = entry_texts.one_line("title", texts.title, entry_texts.MAX_TITLE, least=1)
    if texts.description is not None:
        entry.description = entry_texts.paragraphs(
            "description", texts.description, entry_texts.MAX_DESCRIPTION
        )
    if texts.author is not None:
        entry.author = entry_texts.one_line("author", texts.author, entry_texts.MAX_AUTHOR)
    if texts.licence is not None:
        entry.licence = entry_texts.one_line("licence", texts.licence, entry_texts.MAX_LICENCE)
    if texts.visibility is not None:
        entry.visibility = texts.visibility.value


def _own_entry(ctx: Context, name: str, actor: Actor) -> LibraryEntry | None:
    """Return the actor's entry with a name; None for a free name, Forbidden for another user's."""
    entry = records.stored_entry(ctx, name)
    if entry is None:
        return None
    if entry.owner != records.user_of(actor):
        raise Forbidden(
            f"The name {name} belongs to another user of this library. Choose another name.",
            code="not_entry_owner",
        )
    records.require_not_deleted(entry)
    return entry


def _new_entry(ctx: Context, name: str, actor: Actor) -> LibraryEntry:
    return LibraryEntry(
        # Numbers of publications that fail leave gaps.
        number=ctx.uow.increment_now(keys.counter("library")),
        name=name,
        owner=records.user_of(actor),
        owner_name=actor.name,
        title=name,
        author=actor.name,
        created=str(iso(ctx.now)),
    )


def _origin_of(ctx: Context, entry: LibraryEntry, uploaded: str) -> StudyOrigin:
    """Return what copies of the newest version say about where they come from."""
    return StudyOrigin(
        entry=entry.name,
        number=entry.number,
        version=entry.latest,
        sha256=uploaded,
        title=entry.title,
        author=entry.author,
        licence=entry.licence,
        library=ctx.app_id,
    )


def _check_announced(file: PackageFile) -> None:
    if not _SHA256.fullmatch(file.sha256):
        raise InvalidField("sha256", "must be the SHA-256 of the package, as 64 hexadecimal digits")
    if file.size < 1:
        raise InvalidField("size", "must be at least one byte")
    if file.size > MAX_PACKAGE:
        raise _too_large(file.size)


def _too_large(size: int) -> BadRequest:
    return BadRequest(
        f"A package can have {MAX_PACKAGE // _MB} MB at most, and this one has {size / _MB:.1f} MB. "
        "Upload large media as assets of the run, or leave them out.",
        code="package_refused",
    )


def _require_library_space(ctx: Context, space: LibrarySpace, size: int) -> None:
    if len(space.reserved) >= MOST_PACKAGES_AT_ONCE:
        raise InvalidState(
            f"{MOST_PACKAGES_AT_ONCE} uploads are under way. Finish or cancel some first.",
            code="too_many_uploads",
        )
    if space.count + len(space.reserved) >= MOST_ENTRIES:
        raise InvalidState(f"A library can have {MOST_ENTRIES:,} entries.", code="library_full")
    free = space.free(records.library_quota(ctx))
    if size > free:
        raise library_full(size, free)


def library_full(size: int, free: int) -> InvalidState:
    """Return the refusal of a package for which the quota has no space, in bytes."""
    return InvalidState(
        f"The package has {size / _MB:.1f} MB, and {max(free, 0) / _MB:.1f} MB of the quota are left. "
        "Raise the setting library_quota_mb.",
        code="library_full",
    )


def _reservation(space: LibrarySpace, upload_id: str, actor: Actor) -> Mapping[str, object]:
    found = space.reserved.get(upload_id)
    if found is None or found["by"] != records.user_of(actor):
        raise NotFound(
            "There is no such upload: it was finished or cancelled, or it has expired. Begin it again.",
            code="package_upload_not_found",
        )
    return found


def _check_arrived(found: FoundFile, reserved: Mapping[str, object]) -> None:
    if (found.size, found.sha256) != (reserved["size"], reserved["sha256"]):
        raise InvalidState(
            "The package isn't the one that was announced. Begin the upload again.", code="package_not_sent"
        )


def _reference(upload_id: str) -> str:
    return f"library/{upload_id}.zip"
