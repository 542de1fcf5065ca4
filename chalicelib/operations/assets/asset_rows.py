"""Assets as people see them: rows with their use in the study's pages, and lists of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.listings.listing import Listing
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.study_check import as_study
from chalicelib.study.assets.asset import Asset
from chalicelib.study.assets.uses import uses_of_assets

from . import asset_records as records

#: For how long a deleted asset can be restored.
RESTORABLE_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """A picture, a sound or a video."""

    #: The SHA-256 of its content.
    id: str
    name: str
    #: "picture", "sound" or "video".
    group: str
    media_type: str
    #: In bytes.
    size: int
    #: Where participants load it.
    address: str
    alt: str
    is_decorative: bool
    #: Whether pages can't show it yet, because it is a picture without alternative text.
    lacks_alt: bool
    width: int
    height: int
    thumbnail: str
    created: datetime | None
    created_by: str
    deleted: datetime | None
    #: When a deleted one is removed for good, at the earliest.
    removed_after: datetime | None
    is_removing: bool
    #: The pages and items that show it, by their files.
    used_in: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AssetQuota:
    """The space for assets, in bytes."""

    quota: int
    #: What assets take, also deleted ones that can be restored.
    used: int
    #: What is reserved for uploads that are under way.
    reserved: int
    count: int


def read_row(ctx: Context, sha256: str) -> AssetRow:
    """Return an asset; NotFound without one."""
    return row_of_asset(ctx, records.read_asset(ctx, sha256))


def list_assets(ctx: Context, after: str | None, limit: int, *, deleted: bool = False) -> Listing[AssetRow]:
    """Return a page of the assets: by name, or the deleted ones, the last one first."""
    pk = keys.ASSET_BIN if deleted else keys.ASSET_NAMES
    page = ctx.uow.page(pk, after=after, limit=limit, newest_first=deleted)
    found = (records.stored_asset(ctx, str(item["asset"])) for item in page.items)
    assets = [one for one in found if one is not None and (one.deleted is not None) == deleted]
    return Listing(list(_rows(ctx, assets)), page.after, len(page.items), is_partial=page.after is not None)


def read_quota(ctx: Context) -> AssetQuota:
    """Return how much of the quota is used."""
    space = records.read_space(ctx)
    return AssetQuota(records.quota_of(ctx), space.used, space.reserved_bytes, space.count)


def row_of_asset(ctx: Context, asset: Asset) -> AssetRow:
    """Return the row of an asset."""
    return next(iter(_rows(ctx, [asset])))


def _rows(ctx: Context, assets: Iterable[Asset]) -> Iterable[AssetRow]:
    study = as_study(ctx.experiment)
    uses = {} if study is None else uses_of_assets(study.library.compiled)
    for asset in assets:
        preview = ctx.uow.item(keys.asset_preview(asset.sha256))
        deleted = moment(asset.deleted)
        yield AssetRow(
            id=asset.sha256,
            name=asset.name,
            group=asset.group,
            media_type=asset.media_type,
            size=asset.size,
            address=asset.address,
            alt=asset.alt,
            is_decorative=asset.is_decorative,
            lacks_alt=asset.lacks_alt,
            width=asset.width,
            height=asset.height,
            thumbnail="" if preview is None else str(preview["thumbnail"]),
            created=moment(asset.created),
            created_by=asset.created_by,
            deleted=deleted,
            removed_after=None if deleted is None else deleted + RESTORABLE_FOR,
            is_removing=asset.is_removing,
            used_in=uses.get(asset.name, []),
        )
