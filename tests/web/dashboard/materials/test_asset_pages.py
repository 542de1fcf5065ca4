"""The page Assets: uploads by its script, descriptions, and deletion."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
SHA256 = hashlib.sha256(PNG).hexdigest()
DOT = "data:image/png;base64,iVBORw0KGgo="


class Desk:
    """A run whose files are kept, and a browser at its dashboard."""

    def __init__(self, here: World, root: Path) -> None:
        self.files = here.app.files = FolderFiles(root, here.clock)
        self.browser = DashboardBrowser(here)

    def ask(self, **fields: str) -> Any:
        said = self.browser.press("assets", list(fields.items()))
        assert said.headers["content-type"].startswith("application/json")
        return json.loads(said.raw)

    def upload(self, name: str = "happy.png", content: bytes = PNG) -> str:
        digest = hashlib.sha256(content).hexdigest()
        begun = self.ask(do="begin", name=name, size=str(len(content)), sha256=digest)
        with self.files.receive(begun["url"].removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()
        row = self.ask(do="finish", upload=begun["id"], width="4", height="3", thumbnail=DOT)
        return str(row["id"])


@pytest.fixture
def desk(world: NewWorld, tmp_path: Path) -> Desk:
    return Desk(world(), tmp_path)


def test_an_asset_is_uploaded_described_deleted_and_restored(desk: Desk) -> None:
    assert "No assets yet" in desk.browser.open("assets")
    assert desk.upload() == SHA256
    page = desk.browser.open("assets")
    assert "needs a text" in page
    assert f'<img src="{DOT}" alt="">' in page
    one = f"assets/{SHA256}"
    assert "show this picture yet" in desk.browser.open(one)
    fields = [("alt", "A <b>smile</b>"), ("name", "smile.png")]
    assert desk.browser.press(f"{one}/describe", fields).status == 303
    page = desk.browser.open(one)
    assert "A &lt;b&gt;smile&lt;/b&gt;" in page
    assert "![](asset:smile.png)" in page
    assert desk.browser.press(f"{one}/delete", []).status == 303
    assert "No assets yet" in desk.browser.open("assets")
    assert "smile.png" in desk.browser.open("assets", show="deleted")
    assert "Restore" in desk.browser.open(one)
    assert desk.browser.press(f"{one}/restore", []).status == 303
    assert "smile.png" in desk.browser.open("assets")


def test_a_refusal_is_shown_where_it_happens(desk: Desk) -> None:
    answer = desk.ask(do="begin", name="a.png", size="0", sha256=SHA256)
    assert answer["error_code"] == "invalid_field"
    desk.upload()
    other = desk.upload("b.png", PNG + b"1")
    said = desk.browser.press(f"assets/{other}/describe", [("alt", "x"), ("name", "happy.png")])
    assert said.status == 409
    assert "Another asset has the name happy.png" in said.raw.decode()
    begun = desk.ask(do="begin", name="c.png", size="3", sha256="0" * 64)
    assert desk.ask(do="cancel", upload=begun["id"]) == {"id": begun["id"]}
    assert desk.browser.press("assets", [("do", "x")]).status == 404
    assert desk.browser.press(f"assets/{other}/x", []).status == 404
