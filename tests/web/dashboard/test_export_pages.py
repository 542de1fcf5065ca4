"""The page Exports, and the files of the page Data, which are short."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.dashboard.pages import data
from chalicelib.experiment.experiment import Experiment
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.management import author_views
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.files.folder_exports import ADDRESS, FolderExports
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk
from tests.web.world import OPERATOR_TOKEN, World

OK, SEE_OTHER, TOO_LARGE = 200, 303, 413


class Scene:
    """A run whose exports can be written, and a browser at its dashboard."""

    def __init__(self, here: World, root: Path) -> None:
        self.here = here
        self.files = FolderExports(root, here.clock)
        here.app.exports = PartWriter(here.engine, self.files, RunFacts("a-run"), here.clock)
        self.browser = DashboardBrowser(here)

    def ids(self) -> list[str]:
        return re.findall(r'id="export-([\w-]+)"', self.browser.open("exports"))


@pytest.fixture
def scene(world: NewWorld, tmp_path: Path) -> Scene:
    here = world()
    here.arrive()
    return Scene(here, tmp_path)


def test_an_export_is_made_watched_downloaded_and_deleted(scene: Scene) -> None:
    browser, here = scene.browser, scene.here
    assert "No exports yet" in browser.open("exports")
    assert browser.press("exports", [("contents", "shared"), ("excel_safe", "yes")]).status == SEE_OTHER
    (export_id,) = scene.ids()
    page = browser.open("exports")
    assert "waiting" in page
    assert f'action="/dashboard/exports/{export_id}/cancel"' in page
    assert "/download" not in page
    here.work()
    page = browser.open("exports")
    assert ">ready<" in page
    path = next(scene.files._root.glob("*/*.zip"))
    assert re.search(r"<code[^>]*>([0-9a-f]{64})</code>", page)
    said = browser.press(f"exports/{export_id}/download")
    link = html.unescape(re.search(r'href="(/uploads/exports/[^"]+)"', said.raw.decode())[1])
    assert said.headers["refresh"] == f"0; url={link}"
    assert scene.files.file_behind(link.removeprefix(ADDRESS)) == (path, f"{here.app.app_id}-data.zip")
    with zipfile.ZipFile(path) as archive:
        assert b"\n1," in archive.read("data/participant.csv")
    operations = [
        entry.entry.operation for entry in here.app.run(list_entries, "operator", caller=OPERATOR_CALLER)
    ]
    assert operations.count("exports.download") == 1
    assert "can make another export" in browser.open(f"exports/{export_id}/delete")
    assert browser.press(f"exports/{export_id}/delete").status == SEE_OTHER
    here.work()
    assert (scene.ids(), path.exists()) == ([], False)


def test_what_an_export_contains_is_chosen_and_refused_with_a_sentence(scene: Scene) -> None:
    browser = scene.browser
    assert "Psych-DS data set, for an archive" not in browser.open("exports")
    browser.press("exports", [("contents", "unscrubbed")])
    (export_id,) = scene.ids()
    said = browser.press(f"exports/{export_id}/download")
    assert (said.status, "finished yet" in said.raw.decode()) == (OK, True)
    assert browser.press(f"exports/{export_id}/cancel").status == SEE_OTHER
    assert ">cancelled<" in browser.open("exports")
    said = browser.press(f"exports/{export_id}/cancel")
    assert "only one that is under way" in said.raw.decode()


def test_a_part_that_fails_for_good_is_explained_on_the_page(scene: Scene) -> None:
    said = scene.here.post_json(
        "/api/v1/exports", {"excel_safe": False, "psych_ds": True}, token=OPERATOR_TOKEN
    )
    assert said.status == OK
    scene.here.work()
    page = scene.browser.open("exports")
    assert ">failed<" in page
    assert "This run has no data of a study" in page


def test_a_psych_ds_data_set_changes_no_text_whatever_is_asked(scene: Scene) -> None:
    said = scene.here.post_json("/api/v1/exports", {"psych_ds": True}, token=OPERATOR_TOKEN)
    assert (said.status, said["psych_ds"], said["excel_safe"]) == (OK, True, False)


# -- the files of the page Data -------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(("limit", "most"), [("MOST_IN_FILE", 1), ("LARGEST_FILE", 300)])
def test_a_file_that_would_be_too_large_is_refused_with_a_way_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, form: str, limit: str, most: int
) -> None:
    for _ in range(3):
        scene.here.arrive()
    path = f"/dashboard/data/participants/{form}"
    whole = scene.here.get(path, headers=scene.browser.headers)
    assert (whole.status, whole.headers["content-disposition"][:10]) == (OK, "attachment")
    monkeypatch.setattr(data, limit, most)
    said = scene.here.get(path, headers=scene.browser.headers)
    assert said.status == TOO_LARGE
    assert "content-disposition" not in said.headers
    page = said.raw.decode()
    assert "make an export, which has all of them" in page
    assert 'href="/dashboard/exports"' in page
    # A filter makes it short enough.
    monkeypatch.setattr(data, "LARGEST_FILE", 10_000)
    filtered = scene.here.get(path, {"text": "1"}, headers=scene.browser.headers)
    assert filtered.status == OK


# -- tables of authors ----------------------------------------------------------------------------------


class Tabular(Talk):
    """An experiment with a table of its own for participants."""

    rows = 120

    def table_data(self, **parameters: Any) -> dict[str, Any] | None:
        if parameters["model_type"] != "participant":
            return None
        rows = [{"id": number, "word": f"w{number}"} for number in range(self.rows)]
        return {"columns": [{"name": "Word", "data": "word"}], "data": rows}


def test_an_authors_table_is_shown_page_by_page(world: NewWorld, tmp_path: Path) -> None:
    scene = Scene(world(Tabular), tmp_path)
    words: list[str] = []
    query: dict[str, str] | None = {}
    while query is not None:
        page = scene.browser.open("data/participants", **query)
        words += re.findall(r">(w\d+)<", page)
        following = re.search(r'href="/dashboard/data/participants\?after=(\d+)">Next page', page)
        query = None if following is None else {"after": following[1]}
    assert words == [f"w{number}" for number in range(Tabular.rows)]
    said = scene.here.get("/api/v1/tables/participant", {"after": "118", "limit": "5"}, token=OPERATOR_TOKEN)
    assert [row["word"] for row in said["table"]["rows"]] == ["w118", "w119"]
    assert (said["table"]["next"], said["table"]["total"]) == (None, 120)


def test_a_page_of_an_authors_table_ends_before_it_is_too_large(
    world: NewWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_views, "PAGE_CHARACTERS", 20)
    scene = Scene(world(Tabular), tmp_path)
    table = scene.here.get("/api/v1/tables/participant", {"limit": "50"}, token=OPERATOR_TOKEN)["table"]
    assert 1 < len(table["rows"]) < 20
    assert table["next"] == str(len(table["rows"]))


@pytest.mark.parametrize("limit", ["MAX_TABLE_ROWS", "MAX_TABLE_COLUMNS"])
def test_a_table_that_is_too_large_is_an_error_that_names_the_hook(
    world: NewWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(author_views, limit, 0)
    scene = Scene(world(Tabular), tmp_path)
    page = scene.browser.open("data/participants")
    assert "table_data() returned a table with more than" in page
    # The records themselves are shown in its place.
    assert "w1<" not in page


def test_a_long_cell_of_an_authors_table_is_cut(world: NewWorld, tmp_path: Path) -> None:
    class Wordy(Experiment):
        """An experiment whose table has a long text."""

        def table_data(self, **parameters: Any) -> dict[str, Any]:
            return {"columns": ["word"], "data": [{"word": "x" * 20_000}]}

    scene = Scene(world(Wordy), tmp_path)
    (row,) = scene.here.get("/api/v1/tables/participant", token=OPERATOR_TOKEN)["table"]["rows"]
    assert (len(row["word"]), row["word"][-1]) == (author_views.MAX_CELL, "\N{HORIZONTAL ELLIPSIS}")
