"""Describes, renames, deletes and restores assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.access.rules import Mode
from chalicelib.errors import InvalidField, InvalidState
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.row_access import require_touched
from chalicelib.study.assets.asset import Asset, checked_alt, checked_name
from chalicelib.study.assets.media_types import MediaGroup

from . import asset_records as records
from .asset_rows import AssetRow, row_of_asset
from .removal import begin_removal, remove_old

#: How many pages a refusal names.
_NAMED: Final = 5


def describe_asset(
    ctx: Context,
    sha256: str,
    *,
    alt: str | None = None,
    is_decorative: bool | None = None,
    name: str | None = None,
) -> AssetRow:
    """Change the alternative text or the name of an asset; what is None stays.

    InvalidField for a text or a name that isn't valid; InvalidState for a deleted asset, for a name that
    another one has, and for a new name while pages use the old one.
    """
    asset = _existing(ctx, sha256, Mode.UPDATE)
    if alt is not None:
        asset.alt = checked_alt(alt)
        asset.is_decorative = asset.is_decorative and not asset.alt
    if is_decorative is not None:
        asset.is_decorative = is_decorative
    if asset.is_decorative and asset.group != MediaGroup.PICTURE:
        raise InvalidField("is_decorative", f"is for pictures; this is a {asset.group}")
    if asset.is_decorative and asset.alt:
        raise InvalidField("is_decorative", "is for pictures without alternative text; leave the text empty")
    if name is not None and name != asset.name:
        _require_unused(row_of_asset(ctx, asset), "renamed")
        held = ctx.uow.item(keys.asset_name(asset.name))
        records.claim_name(ctx, checked_name(name), sha256)
        if held is not None:
            ctx.uow.delete_item(keys.asset_name(asset.name), expect=held["v"])
        asset.name = name
    records.store_asset(ctx, asset)
    return row_of_asset(ctx, asset)


def delete_asset(ctx: Context, sha256: str) -> AssetRow:
    """Delete an asset, which can be restored for 30 days; InvalidState while pages use it."""
    asset = _existing(ctx, sha256, Mode.DELETE)
    _require_unused(row_of_asset(ctx, asset), "deleted")
    remove_old(ctx)
    asset.deleted = str(iso(ctx.now))
    asset.deleted_by = _actor(ctx)
    ctx.uow.put_if_unchanged(keys.deleted_asset(asset.deleted, sha256), records.DELETED, {"asset": sha256})
    records.store_asset(ctx, asset)
    return row_of_asset(ctx, asset)


def restore_asset(ctx: Context, sha256: str) -> AssetRow:
    """Restore a deleted asset; an asset that isn't deleted stays as it is."""
    asset = _stored(ctx, sha256, Mode.DELETE)
    records.require_not_removing(asset)
    if asset.deleted is not None:
        ctx.uow.delete_item(keys.deleted_asset(asset.deleted, sha256))
        asset.deleted, asset.deleted_by = None, ""
        records.store_asset(ctx, asset)
    return row_of_asset(ctx, asset)


def remove_asset(ctx: Context, sha256: str) -> AssetRow:
    """Remove a deleted asset for good, now; InvalidState for one that isn't deleted."""
    asset = _stored(ctx, sha256, Mode.DELETE)
    if asset.deleted is None:
        raise InvalidState("Delete the asset first; a deleted one can be removed.", code="asset_not_deleted")
    if not asset.is_removing:
        begin_removal(ctx, asset)
    return row_of_asset(ctx, asset)


def _stored(ctx: Context, sha256: str, mode: Mode) -> Asset:
    asset = records.read_asset(ctx, sha256)
    row: Mapping[str, Any] = {**asset.to_fields(), "id": sha256}
    require_touched(ctx, Asset.kind, mode, [row])
    return asset


def _existing(ctx: Context, sha256: str, mode: Mode) -> Asset:
    asset = _stored(ctx, sha256, mode)
    if asset.deleted is not None:
        raise InvalidState(f"The asset {asset.name} is deleted. Restore it first.", code="asset_deleted")
    return asset


def _actor(ctx: Context) -> str:
    return "" if ctx.caller.actor is None else ctx.caller.actor.id


def _require_unused(row: AssetRow, what: str) -> None:
    if row.used_in:
        more = len(row.used_in) - _NAMED
        named = ", ".join(row.used_in[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise InvalidState(
            f"{row.name} can't be {what} while the study uses it: {named}. Change these pages first.",
            code="asset_in_use",
        )
