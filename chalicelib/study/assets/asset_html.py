"""Writes the HTML with which pages show assets."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from chalicelib.errors import ExperimentError
from chalicelib.immutable import immutable

from .media_types import MediaGroup

#: How pages and items name an asset: `![](asset:happy.png)`, `picture: asset:happy.png`.
SCHEME: Final = "asset:"


@immutable()
class ShownAsset:
    """What pages need to know about an asset."""

    name: str
    address: str
    group: str
    alt: str = ""
    is_decorative: bool = False
    width: int = 0
    height: int = 0
    blur: str = ""


def asset_markup(asset: ShownAsset, alt: str | None = None) -> Markup:
    """Return the HTML of an asset; `alt` replaces its alternative text on this page.

    ExperimentError for a picture that has no alternative text and isn't decorative.
    """
    text = asset.alt if alt is None else alt
    if asset.group != MediaGroup.PICTURE:
        element = "audio" if asset.group == MediaGroup.SOUND else "video"
        label = Markup(' aria-label="{}"').format(text) if text else ""
        inline = " playsinline" if element == "video" else ""
        return Markup('<{0} class="asset" src="{1}" controls preload="metadata"{2}{3}{4}></{0}>').format(
            Markup(element),  # noqa: S704 - one of two words
            asset.address,
            Markup(inline),  # noqa: S704 - a word of ours
            _sides(asset),
            label,
        )
    if not text and not asset.is_decorative and alt is None:
        raise ExperimentError(
            f"The picture {asset.name!r} has no alternative text; write one on the page Assets of the "
            "dashboard or in assets/assets.toml, or mark the picture as decorative."
        )
    blur = (
        Markup(' style="background:center/cover no-repeat url({})"').format(asset.blur) if asset.blur else ""
    )
    return Markup('<img class="asset" src="{}" alt="{}" loading="lazy" decoding="async"{}{}>').format(
        asset.address, text, _sides(asset), blur
    )


def missing_markup(name: str) -> Markup:
    """Return what a page shows while it is written, where an asset is missing."""
    return Markup('<span class="alert alert-warning">The asset {} is missing.</span>').format(name)


def _sides(asset: ShownAsset) -> Markup:
    if not asset.width or not asset.height:
        return Markup("")
    return Markup(' width="{}" height="{}"').format(asset.width, asset.height)
