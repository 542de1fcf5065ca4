"""Reads and writes the records of assets, and the account of their space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import InvalidState, NotFound
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.assets.asset import Asset, AssetSpace

#: The kinds of items beside assets.
PREVIEW, NAME, DELETED = "asset_preview", "asset_name", "deleted_asset"
_MB: Final = 1_000_000


def stored_asset(ctx: Context, sha256: str) -> Asset | None:
    """Return the asset with this content, also a deleted one; None without one."""
    item = ctx.uow.item(keys.asset(sha256))
    return None if item is None else Asset.from_item(copy_json(dict(item)))


def read_asset(ctx: Context, sha256: str) -> Asset:
    """Return the asset with this content; NotFound without one."""
    found = stored_asset(ctx, sha256)
    if found is None:
        raise NotFound(f"There is no asset {sha256[:64]!r}.", code="asset_not_found")
    return found


def asset_named(ctx: Context, name: str) -> Asset | None:
    """Return the asset that has a name; None for a name that none has, or one that is deleted."""
    claim = ctx.uow.item(keys.asset_name(name))
    found = None if claim is None else stored_asset(ctx, str(claim["asset"]))
    return found if found is not None and found.name == name and found.deleted is None else None


def store_asset(ctx: Context, asset: Asset) -> None:
    """Write an asset, if it is stored as it was read."""
    asset.modified = str(iso(ctx.now))
    ctx.uow.put_if_unchanged(keys.asset(asset.sha256), Asset.kind, asset.to_fields())


def claim_name(ctx: Context, name: str, sha256: str) -> None:
    """Give a name to an asset; InvalidState when another one has it."""
    claim = ctx.uow.item(keys.asset_name(name))
    if claim is not None and claim["asset"] != sha256:
        raise name_taken(name)
    ctx.uow.put_if_unchanged(keys.asset_name(name), NAME, {"asset": sha256})


def require_free_name(ctx: Context, name: str, sha256: str) -> None:
    """Raise InvalidState when another asset has a name."""
    claim = ctx.uow.item(keys.asset_name(name))
    if claim is not None and claim["asset"] != sha256:
        raise name_taken(name)


def name_taken(name: str) -> InvalidState:
    """Return the refusal of a name that another asset has."""
    return InvalidState(
        f"Another asset has the name {name}, possibly a deleted one. Choose another name.",
        code="asset_name_taken",
    )


def require_not_removing(asset: Asset | None) -> None:
    """Raise InvalidState while the file of an asset is being removed."""
    if asset is not None and asset.is_removing:
        raise InvalidState(
            f"The asset {asset.name} is being removed. Try again in a minute.", code="asset_removing"
        )


def read_space(ctx: Context) -> AssetSpace:
    """Return the account of the space, without reservations that have ended."""
    item: Mapping[str, Any] = ctx.uow.item(keys.ASSET_SPACE) or {}
    space = AssetSpace.from_item(copy_json(dict(item)))
    space.drop_ended(ctx.now)
    return space


def store_space(ctx: Context, space: AssetSpace) -> None:
    """Write the account of the space, if it is stored as it was read."""
    ctx.uow.put_if_unchanged(keys.ASSET_SPACE, AssetSpace.kind, space.to_fields())


def quota_of(ctx: Context) -> int:
    """Return the space for assets, in bytes."""
    return ctx.settings.assets_quota_mb * _MB
