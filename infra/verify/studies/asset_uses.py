"""Checks the assets of a study: those that pages show, and their alternative texts."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.study.assets.media_types import MediaGroup
from chalicelib.study.assets.uses import uses_of_assets
from chalicelib.study.pages.compiled import CompiledPages
from infra.verify.findings import Finding, warning


def check_assets(compiled: CompiledPages) -> Iterator[Finding]:
    """Find assets that pages show and the folder lacks, and pictures without alternative text."""
    for name, files in sorted(uses_of_assets(compiled).items()):
        if name not in compiled.assets:
            yield warning(
                files[0],
                f"shows the asset {name!r}, which isn't in assets/.",
                "Add the file, or upload it to each run on the dashboard's page Assets.",
            )
    for name, asset in compiled.assets.items():
        if asset.group == MediaGroup.PICTURE and not asset.alt and not asset.is_decorative:
            yield warning(
                f"assets/{name}",
                "has no alternative text, so pages can't show it without one of their own.",
                f'Write ["{name}"] and alt = "..." or decorative = true into assets/assets.toml.',
            )
