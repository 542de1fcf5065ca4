"""Removes assets for good: those that were deleted 30 days ago, and those for which an actor asks.

A removal has two commits. The first one marks the asset and posts a message; its handler deletes the file,
and the second one deletes the records. No upload of the same content is taken in between, so no asset is
left without its file.
"""

from __future__ import annotations

from typing import Final

from chalicelib.messages import RemoveAsset
from chalicelib.model import keys
from chalicelib.model.record import moment
from chalicelib.operations.shared.context import Context
from chalicelib.study.assets.asset import Asset

from . import asset_records as records
from .asset_rows import RESTORABLE_FOR

#: How many old assets one change begins to remove.
_MOST_REMOVED: Final = 5


def begin_removal(ctx: Context, asset: Asset) -> None:
    """Mark a deleted asset, and have its file removed."""
    asset.is_removing = True
    records.store_asset(ctx, asset)
    ctx.uow.post(RemoveAsset(asset.sha256))


def remove_old(ctx: Context) -> None:
    """Begin to remove assets that were deleted 30 days ago; every change of assets does so."""
    for item in ctx.uow.page(keys.ASSET_BIN, limit=_MOST_REMOVED).items:
        asset = records.stored_asset(ctx, str(item["asset"]))
        deleted = None if asset is None else moment(asset.deleted)
        if asset is None or deleted is None or asset.is_removing:
            continue
        if deleted + RESTORABLE_FOR > ctx.now:
            return
        begin_removal(ctx, asset)


def asset_to_remove(ctx: Context, sha256: str) -> Asset | None:
    """Return an asset whose file is to be removed; None when that is done."""
    asset = records.stored_asset(ctx, sha256)
    return asset if asset is not None and asset.is_removing else None


def finish_removal(ctx: Context, sha256: str) -> None:
    """Delete the records of an asset whose file is removed, and give back its space."""
    asset = asset_to_remove(ctx, sha256)
    if asset is None:
        return
    space = records.read_space(ctx)
    space.used -= asset.size
    space.count -= 1
    records.store_space(ctx, space)
    for key in (keys.asset(sha256), keys.asset_name(asset.name), keys.asset_preview(sha256)):
        item = ctx.uow.item(key)
        if item is not None:
            ctx.uow.delete_item(key, expect=item["v"])
    if asset.deleted is not None:
        ctx.uow.delete_item(keys.deleted_asset(asset.deleted, sha256))
