"""The documentation shows the pictures that were made, and is whole without them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.tools.dashboard.pictures import PICTURES, ROOT

PAGE = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures_hook", ROOT / "docs" / "hooks" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return module


def shown(hook: ModuleType) -> str:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="dashboard.md"))
    return str(hook.on_page_markdown(PAGE, page=page, config=None, files=None))


def test_a_picture_stands_where_its_mark_is(hook: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "dashboard-overview.png").write_bytes(b"")
    page = shown(hook)
    assert "](pictures/dashboard-overview.png)" in page
    assert "<!-- picture" not in page


def test_without_pictures_the_page_is_text_alone(hook: ModuleType) -> None:
    assert "![" not in shown(hook)


def test_every_picture_of_the_guide_is_made() -> None:
    asked = set(re.findall(r"<!-- picture: dashboard-([\w-]+) \|", PAGE))
    assert asked <= PICTURES.keys()
    assert len(asked) > 5
