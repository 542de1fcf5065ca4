"""Uploads of assets: space is reserved when one begins, and settled in the commit in which it ends.

The browser asks for a form for one file, posts the file to the file store, and finishes the upload. All
uploads that are under way count against the quota, so those that run at once can't exceed it together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.access.rules import Mode
from chalicelib.errors import BadRequest, InvalidField, InvalidState, NotFound
from chalicelib.immutable import immutable
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_touched
from chalicelib.ports.files import GRANTED_FOR, FoundFile
from chalicelib.study.assets.asset import Asset, AssetSpace, checked_alt, name_of_file
from chalicelib.study.assets.media_types import MAX_SIZE, MediaGroup, recognise, require_size
from chalicelib.study.assets.previews import checked_preview

from . import asset_records as records
from .asset_rows import AssetRow, row_of_asset
from .removal import remove_old

#: For how long the space of an upload is reserved: as long as its form can be used, and some minutes more.
RESERVED_FOR: Final = GRANTED_FOR + timedelta(minutes=10)
#: How many uploads of a run can be under way.
MOST_UPLOADS: Final = 100
#: How many assets a run can have.
MOST_ASSETS: Final = 5_000
#: The longest side of a picture or video, in pixels.
MAX_SIDE: Final = 30_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MB: Final = 1_000_000


@immutable()
class AssetFile:
    """A file that is to be uploaded."""

    name: str
    #: In bytes.
    size: int
    sha256: str


@immutable()
class AssetFacts:
    """What is known about an uploaded file besides its content."""

    alt: str = ""
    is_decorative: bool = False
    width: int = 0
    height: int = 0
    thumbnail: str = ""
    blur: str = ""


@dataclass(frozen=True, slots=True)
class BegunUpload:
    """Where the browser posts the file, or the asset that has this content already."""

    #: The id with which the upload is finished; "" when nothing has to be uploaded.
    id: str = ""
    url: str = ""
    #: The fields of the form that is posted; without fields, the body is the file itself.
    fields: dict[str, str] = field(default_factory=dict)
    #: Until when the file can be posted.
    valid_until: datetime | None = None
    #: The asset with the same content.
    asset: AssetRow | None = None


@dataclass(frozen=True, slots=True)
class CancelledUpload:
    """An upload that was given up."""

    id: str


def begin_upload(ctx: Context, file: AssetFile) -> BegunUpload:
    """Reserve the space of a file, and return the form with which it is posted.

    The same content is stored once: an asset that has it is returned, and restored if it is deleted. Raises
    InvalidField for a name, a size or a hash that isn't valid, BadRequest for a file that is too large,
    InvalidState when the name is taken, the quota is exceeded or too many uploads are under way.
    """
    actor = require_touched(ctx, Asset.kind, Mode.CREATE, [{"name": file.name}])
    name = name_of_file(file.name)
    _check_file(file)
    remove_old(ctx)
    known = records.stored_asset(ctx, file.sha256)
    records.require_not_removing(known)
    if known is not None:
        return BegunUpload(asset=row_of_asset(ctx, _restored(ctx, known)))
    records.require_free_name(ctx, name, file.sha256)
    space = records.read_space(ctx)
    _require_space(ctx, space, file.size)
    upload_id = secrets.token_hex(12)
    space.reserved[upload_id] = {
        "name": name,
        "size": file.size,
        "sha256": file.sha256,
        "by": actor.id,
        "until": int((ctx.now + RESERVED_FOR).timestamp()),
    }
    records.store_space(ctx, space)
    form = ctx.files.grant(
        _reference(upload_id), media_type="application/octet-stream", size=file.size, sha256=file.sha256
    )
    return BegunUpload(upload_id, form.url, dict(form.fields), ctx.now + GRANTED_FOR)


def finish_upload(ctx: Context, upload_id: str, facts: AssetFacts) -> AssetRow:
    """Store the asset whose file has been posted, and count its size, in one commit.

    NotFound for an upload that was finished, cancelled or has expired; InvalidState while the file hasn't
    arrived; BadRequest for a file that isn't a picture, sound or video, or is too large for its kind.
    """
    require_touched(ctx, Asset.kind, Mode.CREATE, [{}])
    space = records.read_space(ctx)
    reserved = _reservation(space, upload_id)
    found = ctx.files.find(_reference(upload_id))
    if found is None:
        raise InvalidState(
            "The file hasn't arrived. Post it to the address of the upload first.", code="asset_not_sent"
        )
    asset = _asset_of(ctx, reserved, found, facts)
    del space.reserved[upload_id]
    known = records.stored_asset(ctx, asset.sha256)
    records.require_not_removing(known)
    if known is not None:
        # Another upload of the same content was finished first.
        records.store_space(ctx, space)
        return row_of_asset(ctx, _restored(ctx, known))
    # Before the file is public: a name that is taken refuses the upload.
    records.claim_name(ctx, asset.name, asset.sha256)
    ctx.files.publish(_reference(upload_id), asset.file_name, asset.media_type)
    space.used += asset.size
    space.count += 1
    records.store_space(ctx, space)
    records.store_asset(ctx, asset)
    if facts.thumbnail:
        ctx.uow.put_if_unchanged(
            keys.asset_preview(asset.sha256), records.PREVIEW, {"thumbnail": facts.thumbnail}
        )
    return row_of_asset(ctx, asset)


def cancel_upload(ctx: Context, upload_id: str) -> CancelledUpload:
    """Give back the space of an upload that isn't finished; NotFound when there is none."""
    require_touched(ctx, Asset.kind, Mode.CREATE, [{}])
    space = records.read_space(ctx)
    _reservation(space, upload_id)
    del space.reserved[upload_id]
    records.store_space(ctx, space)
    return CancelledUpload(upload_id)


def _check_file(file: AssetFile) -> None:
    if not _SHA256.fullmatch(file.sha256):
        raise InvalidField("sha256", "must be the SHA-256 of the file, as 64 hexadecimal digits")
    if file.size < 1:
        raise InvalidField("size", "must be at least one byte")
    if file.size > MAX_SIZE:
        raise BadRequest(
            f"An asset can have {MAX_SIZE // _MB} MB at most, and {file.name[:60]} has {file.size / _MB:.1f} "
            "MB. Save it in a smaller format.",
            code="asset_too_large",
        )


def _require_space(ctx: Context, space: AssetSpace, size: int) -> None:
    if len(space.reserved) >= MOST_UPLOADS:
        raise InvalidState(
            f"{MOST_UPLOADS} uploads are under way. Finish or cancel some first.", code="too_many_uploads"
        )
    if space.count + len(space.reserved) >= MOST_ASSETS:
        raise InvalidState(
            f"A run can have {MOST_ASSETS:,} assets. Remove deleted ones for good.", code="assets_full"
        )
    free = space.free(records.quota_of(ctx))
    if size > free:
        raise InvalidState(
            f"The file has {size / _MB:.1f} MB, and {max(free, 0) / _MB:.1f} MB of the quota are left. "
            "Remove deleted assets for good, or raise the setting assets_quota_mb.",
            code="assets_full",
        )


def _reservation(space: AssetSpace, upload_id: str) -> Mapping[str, object]:
    found = space.reserved.get(upload_id)
    if found is None:
        raise NotFound(
            "There is no such upload: it was finished or cancelled, or it has expired. Begin it again.",
            code="asset_upload_not_found",
        )
    return found


def _asset_of(ctx: Context, reserved: Mapping[str, object], found: FoundFile, facts: AssetFacts) -> Asset:
    """Return the record of a file that has arrived."""
    if (found.size, found.sha256) != (reserved["size"], reserved["sha256"]):
        raise InvalidState(
            "The file isn't the one that was announced. Begin the upload again.", code="asset_not_sent"
        )
    media = recognise(found.head)
    require_size(found.size, media.group)
    has_sides = media.group is not MediaGroup.SOUND
    for side in ("width", "height"):
        if not 0 <= getattr(facts, side) <= MAX_SIDE:
            raise InvalidField(side, f"must be between 0 and {MAX_SIDE:,} pixels")
    alt = checked_alt(facts.alt)
    checked_preview("thumbnail", facts.thumbnail)
    return Asset(
        sha256=found.sha256,
        name=str(reserved["name"]),
        size=found.size,
        media_type=media.media_type,
        ending=media.ending,
        group=media.group.value,
        alt=alt,
        is_decorative=facts.is_decorative and media.group is MediaGroup.PICTURE and not alt,
        width=facts.width if has_sides else 0,
        height=facts.height if has_sides else 0,
        blur=checked_preview("blur", facts.blur),
        created=str(iso(ctx.now)),
        created_by=require_actor(ctx).id,
    )


def _restored(ctx: Context, asset: Asset) -> Asset:
    """Return an asset, restored if it is deleted."""
    if asset.deleted is not None:
        ctx.uow.delete_item(keys.deleted_asset(asset.deleted, asset.sha256))
        asset.deleted, asset.deleted_by = None, ""
        records.store_asset(ctx, asset)
    return asset


def _reference(upload_id: str) -> str:
    return f"assets/{upload_id}"
