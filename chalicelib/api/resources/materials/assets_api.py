"""/api/v1/assets: pictures, sound and video that pages show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, KEY_CURSOR, LIMIT, NoParameters, One
from chalicelib.operations.assets import asset_rows, manage_assets, uploads_of_assets
from chalicelib.operations.assets.asset_rows import AssetQuota, AssetRow
from chalicelib.operations.assets.uploads_of_assets import (
    MAX_SIDE,
    AssetFacts,
    AssetFile,
    BegunUpload,
    CancelledUpload,
)
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context
from chalicelib.study.assets.asset import MAX_ALT, MAX_NAME
from chalicelib.study.assets.previews import MAX_ADDRESS

RESOURCE: Final = "assets"
_ALT: Final = {"max": 2 * MAX_ALT, "help": "What a person reads or hears who doesn't see the picture."}
_SIDE: Final = {"min": 0, "max": MAX_SIDE, "help": "In pixels; 0 when it isn't known."}
_PREVIEW: Final = {
    "max": MAX_ADDRESS,
    "help": "A small PNG, JPEG or WebP picture as a data: address; the server checks it.",
}


@dataclass(frozen=True, slots=True)
class AssetsPage:
    """One page of the list."""

    deleted: bool = field(default=False, metadata={"help": "The deleted assets, instead of the others."})
    after: str | None = field(default=None, metadata=KEY_CURSOR)
    limit: int = field(default=24, metadata=LIMIT)


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A file that is to be uploaded."""

    name: str = field(metadata={"min": 1, "max": 4 * MAX_NAME, "help": "The name of the file: `happy.png`."})
    size: int = field(metadata={"min": 1, "max": 10**12, "help": "In bytes."})
    sha256: str = field(metadata={"min": 64, "max": 64, "pattern": "^[0-9a-f]{64}$"})


@dataclass(frozen=True, slots=True)
class FinishedAsset:
    """An upload whose file has been posted, and what is known about the file."""

    id: str = field(metadata={**ID_TEXT, "help": "The id of the upload."})
    alt: str = field(default="", metadata=_ALT)
    decorative: bool = field(
        default=False, metadata={"help": "Whether the picture says nothing that the text doesn't say."}
    )
    width: int = field(default=0, metadata=_SIDE)
    height: int = field(default=0, metadata=_SIDE)
    thumbnail: str = field(default="", metadata=_PREVIEW)
    blur: str = field(default="", metadata=_PREVIEW)


@dataclass(frozen=True, slots=True)
class DescribedAsset:
    """An asset, and what is changed about it; what isn't given stays."""

    id: str = field(metadata=ID_TEXT)
    alt: str | None = field(default=None, metadata=_ALT)
    decorative: bool | None = None
    name: str | None = field(default=None, metadata={"min": 1, "max": MAX_NAME})


def _begin(ctx: Context, asked: NewAsset) -> BegunUpload:
    return uploads_of_assets.begin_upload(ctx, AssetFile(asked.name, asked.size, asked.sha256))


def _finish(ctx: Context, asked: FinishedAsset) -> AssetRow:
    facts = AssetFacts(asked.alt, asked.decorative, asked.width, asked.height, asked.thumbnail, asked.blur)
    return uploads_of_assets.finish_upload(ctx, asked.id, facts)


def _describe(ctx: Context, asked: DescribedAsset) -> AssetRow:
    return manage_assets.describe_asset(
        ctx, asked.id, alt=asked.alt, is_decorative=asked.decorative, name=asked.name
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="assets.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=AssetsPage,
        answer=Listing[AssetRow],
        run=lambda ctx, asked: asset_rows.list_assets(ctx, asked.after, asked.limit, deleted=asked.deleted),
        summary="Lists the assets by name, or the deleted ones, the last one first.",
    ),
    ApiOperation(
        name="assets.quota",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="quota",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=AssetQuota,
        run=lambda ctx, _: asset_rows.read_quota(ctx),
        summary="Returns how much of the space for assets is used.",
    ),
    ApiOperation(
        name="assets.begin",
        method="POST",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.EDIT_MATERIALS,
        parameters=NewAsset,
        answer=BegunUpload,
        run=_begin,
        summary="Reserves the space of a file and returns the form with which it is posted, for an hour; or "
        "returns the asset that has the same content.",
        records=lambda asked: ((RESOURCE, asked.sha256),),
        has_secret_answer=True,
    ),
    ApiOperation(
        name="assets.finish",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="finish",
        right=Right.EDIT_MATERIALS,
        parameters=FinishedAsset,
        answer=AssetRow,
        run=_finish,
        summary="Stores the asset whose file has been posted.",
    ),
    ApiOperation(
        name="assets.cancel",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="cancel",
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=CancelledUpload,
        run=lambda ctx, one: uploads_of_assets.cancel_upload(ctx, one.id),
        summary="Gives up an upload, and gives back its space.",
    ),
    ApiOperation(
        name="assets.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=AssetRow,
        run=lambda ctx, one: asset_rows.read_row(ctx, one.id),
        summary="Returns an asset, with the pages that show it.",
    ),
    ApiOperation(
        name="assets.describe",
        method="PATCH",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.EDIT_MATERIALS,
        parameters=DescribedAsset,
        answer=AssetRow,
        run=_describe,
        summary="Changes the alternative text or the name of an asset.",
    ),
    ApiOperation(
        name="assets.delete",
        method="DELETE",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=AssetRow,
        run=lambda ctx, one: manage_assets.delete_asset(ctx, one.id),
        summary="Deletes an asset that no page shows; it can be restored for 30 days.",
    ),
    ApiOperation(
        name="assets.restore",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="restore",
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=AssetRow,
        run=lambda ctx, one: manage_assets.restore_asset(ctx, one.id),
        summary="Restores a deleted asset.",
    ),
    ApiOperation(
        name="assets.remove",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb="remove",
        right=Right.EDIT_MATERIALS,
        parameters=One,
        answer=AssetRow,
        run=lambda ctx, one: manage_assets.remove_asset(ctx, one.id),
        summary="Removes a deleted asset for good, and gives back its space.",
    ),
)
