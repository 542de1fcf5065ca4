"""Bots read all pages of a book, also of one that stays open until the run ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.export.export_reader import Export
from infra.cli.main import app

pytestmark = pytest.mark.e2e

DEMO = Path(__file__).parents[3] / "demos" / "chance_book"
EXPERIMENT = """
from petri.study import Study, imported_book


class Course(Study):
    timeline = [imported_book(%s)]
"""


@pytest.mark.parametrize(("arguments", "status"), [("", "approved"), ("can_finish=False", "working")])
def test_bots_read_a_whole_book(
    arguments: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "course"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "experiment.py").write_text(EXPERIMENT % arguments)
    monkeypatch.chdir(tmp_path)
    command = ["debug", str(folder), "--bots", "2", "--exit", "--no-browser", "--id", "read"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    with Export(tmp_path / "data" / "read-data.zip") as export:
        with export.rows("participant") as (header, rows):
            people = [dict(zip(header, values, strict=True)) for _, values in rows]
        with export.rows("reading") as (header, rows):
            read = [dict(zip(header, values, strict=True)) for _, values in rows]
    assert [one["status"] for one in people] == [status] * 2
    finished = {(one["participant_id"], one["page"]) for one in read if one["finished_at"] and one["page"]}
    pages = {"chance", "frequencies", "evidence"}
    assert finished == {(one["id"], page) for one in people for page in pages}
