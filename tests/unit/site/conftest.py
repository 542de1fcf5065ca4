from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.site import BuiltSite, SiteSource, build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "experiment"
    (path / "templates").mkdir(parents=True)
    (path / "static").mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    def put(name: str, text: str) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return put


@pytest.fixture
def built(folder: Path, tmp_path: Path) -> Callable[..., BuiltSite]:
    def build_it(**changes: object) -> BuiltSite:
        known: dict[str, object] = {"folder": folder, "name": "Ring", "mode": "debug", "config": {}}
        return build(SiteSource(**(known | changes)), tmp_path / "site")  # type: ignore[arg-type]

    return build_it
