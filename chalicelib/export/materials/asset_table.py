"""Reads the table of uploaded assets: what each is, and where participants load it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.export.table_schema import ASSET_COLUMNS, ASSETS, Row
from chalicelib.model import keys
from chalicelib.storage.engine import Engine, Item


def has_assets(engine: Engine) -> bool:
    """Whether the run has uploaded assets, also deleted ones."""
    return bool(engine.get([keys.ASSET_SPACE]).get(keys.ASSET_SPACE, {}).get("count"))


def rows_of_assets(engine: Engine, names: Iterable[Item]) -> Iterator[Row]:
    """Yield a row for each asset, by the items of their names."""
    # Lazy import: an experiment that isn't a study starts without the modules of studies.
    from chalicelib.study.assets.asset import Asset

    wanted = [keys.asset(str(item["asset"])) for item in names]
    found = engine.get(wanted)
    for key in wanted:
        if key in found:
            asset = Asset.from_item(dict(found[key]))
            yield {name: getattr(asset, name) for name in ASSET_COLUMNS[ASSETS]}
