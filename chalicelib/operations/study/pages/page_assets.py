"""Finds the assets that a page shows: those of the study's folder, and those uploaded on the dashboard."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from chalicelib.errors import ExperimentError
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.shared.study_context import study_of
from chalicelib.study.assets.asset import Asset
from chalicelib.study.assets.asset_html import SCHEME, ShownAsset, asset_markup, missing_markup


def asset_html(ctx: Context, name: str, alt: str | None = None) -> Markup:
    """Return the HTML of an asset.

    In debug mode, a page that is being written says where an asset is missing; in other modes, that is an
    ExperimentError.
    """
    asset = shown_asset(ctx, name)
    if asset is None:
        if ctx.settings.mode == "debug":
            return missing_markup(name)
        raise _missing(name)
    return asset_markup(asset, alt)


def asset_address(ctx: Context, name: str) -> str:
    """Return the address of an asset, for attributes such as `poster`; ExperimentError without one."""
    asset = shown_asset(ctx, name)
    if asset is None:
        raise _missing(name)
    return asset.address


def media_address(ctx: Context, path: str) -> str:
    """Return the address of a picture, sound or video of an item: an asset, or a file in static/."""
    if path.startswith(SCHEME):
        return asset_address(ctx, path.removeprefix(SCHEME))
    return f"/static/{path.removeprefix('static/')}"


def shown_asset(ctx: Context, name: str) -> ShownAsset | None:
    """Return an asset of the study's folder, or else an uploaded one; None without one of this name."""
    compiled = study_of(ctx).library.compiled.assets.get(name)
    if compiled is not None:
        return ShownAsset(
            compiled.name,
            compiled.address,
            compiled.group,
            compiled.alt,
            compiled.is_decorative,
            compiled.width,
            compiled.height,
        )
    claim = ctx.uow.item(keys.asset_name(name))
    item: Any = None if claim is None else ctx.uow.item(keys.asset(str(claim["asset"])))
    found = None if item is None else Asset.from_item(item)
    if found is None or found.deleted is not None:
        return None
    return ShownAsset(
        found.name,
        found.address,
        found.group,
        found.alt,
        found.is_decorative,
        found.width,
        found.height,
        found.blur,
    )


def _missing(name: str) -> ExperimentError:
    return ExperimentError(
        f"There is no asset {name!r}; put the file into the folder assets/, or upload it on the dashboard's "
        "page Assets."
    )
