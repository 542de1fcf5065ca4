"""`petri assets --app`: the uploaded assets of a run are listed, added and deleted from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.main import app as command_line
from tests.study.assets.test_assets_on_pages import PNG

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[3] / "demos" / "textbook"


def call(*arguments: str) -> Any:
    return CliRunner().invoke(command_line, list(arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(DEMO, root / "study", ignore=shutil.ignore_patterns("__pycache__"))
    page = root / "study" / "pages" / "coins.md"
    page.write_text(page.read_text() + "\n![](asset:shown.png)\n")
    for name in ("shown.png", "happy face.png"):
        (root / name).write_bytes(PNG + name.encode())
    (root / "fake.png").write_bytes(b"<svg></svg>")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        debug = ["debug", "study", "--bots", "1", "--exit", "--id", "course", "--no-browser"]
        done = call(*debug)
        assert done.exit_code == 0, done.output
    return root


@pytest.fixture(autouse=True)
def _in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_an_asset_is_added_listed_and_deleted() -> None:
    added = call("assets", ".", "add", "happy face.png", "--alt", "A smile", "--app", "course")
    assert added.stdout == "Uploaded happy-face.png. Show it on a page with ![](asset:happy-face.png)\n"
    again = call("assets", ".", "add", "happy face.png", "--alt", "A smile", "--app", "course")
    assert again.stdout == "The run has this file already, as happy-face.png.\n"
    listed = call("assets", "--app", "course").stdout
    assert listed.splitlines()[0] == "happy-face.png  picture  0 kB  A smile  not used"
    assert "1 assets" not in listed
    deleted = call("assets", ".", "remove", "happy-face.png", "--app", "course")
    assert deleted.stdout == "Deleted happy-face.png. It can be restored on the dashboard for 30 days.\n"
    assert "happy-face.png" not in call("assets", "--app", "course").stdout


def test_an_asset_that_pages_show_is_not_deleted() -> None:
    assert call("assets", ".", "add", "shown.png", "--decorative", "--app", "course").exit_code == 0
    refused = call("assets", ".", "remove", "shown.png", "--app", "course")
    assert refused.exit_code == 1
    assert "shown.png can't be deleted while the study uses it: pages/coins.md." in refused.output


def test_what_is_not_an_asset_is_refused_and_reserves_nothing() -> None:
    refused = call("assets", ".", "add", "fake.png", "--decorative", "--app", "course")
    assert refused.exit_code == 1
    assert "SVG" in refused.output
    assert "Describe the picture" in call("assets", ".", "add", "shown.png", "--app", "course").output
    assert "no uploaded asset gone.png" in call("assets", ".", "remove", "gone.png", "--app", "course").output
