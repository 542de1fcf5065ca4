"""A study's data set by the rules of Psych-DS: its file names, its metadata, and each column described."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.export import write_zip
from chalicelib.export.data_errors import DataError
from chalicelib.export.psych_ds import write_psych_ds
from chalicelib.export.table_schema import STUDY_TABLES
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.cli.main import app
from infra.local.lifecycle.run_paths import RunPaths

from .runs import a_run
from .study_runs import a_study

#: The rule for names of data files, and the keywords that the standard knows.
NAME = re.compile(r"data/[a-z]+-[a-zA-Z0-9]+(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
KEYWORDS = {
    *("study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description"),
}


@pytest.fixture
def engine(tmp_path: Path) -> SQLiteEngine:
    return SQLiteEngine(tmp_path / "run.sqlite")


def files_of(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def test_a_data_set_has_valid_names_required_metadata_and_a_description_of_each_column(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    a_study(engine)
    export = write_zip(engine, tmp_path, app_id="run", manifest={"settings": {"title": "Who shares?"}})
    engine.close()
    files = files_of(write_psych_ds(export, tmp_path / "run-psych-ds.zip"))
    tables = {name: text for name, text in files.items() if name.endswith(".csv")}
    assert len(tables) == len(STUDY_TABLES)
    assert all(NAME.fullmatch(name) for name in tables)
    assert {pair.split("-")[0] for name in tables for pair in name[5:-9].split("_")} <= KEYWORDS
    told = json.loads(files["dataset_description.json"])
    assert told["@context"].rstrip("/") == "https://schema.org"
    assert (told["@type"], told["name"]) == ("Dataset", "Who shares?")
    assert told["description"]
    described = {one["name"] for one in told["variableMeasured"]}
    for text in tables.values():
        header, *rows = csv.reader(io.StringIO(text))
        assert set(header) <= described
        assert all(len(row) == len(header) for row in rows)
        assert "row_id" not in header
    assert files["README.md"].startswith("# Who shares?\n")
    assert tables["data/description-response_data.csv"] == files_of(export)["data/response.csv"]


def test_an_export_that_can_not_become_a_data_set_is_refused_and_nothing_is_written(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    a_run(engine)
    target = tmp_path / "run-psych-ds.zip"
    with pytest.raises(DataError, match="holds no data of a study"):
        write_psych_ds(write_zip(engine, tmp_path, app_id="run"), target)
    engine.close()
    assert not target.exists()


def test_texts_that_were_changed_for_spreadsheets_are_refused(engine: SQLiteEngine, tmp_path: Path) -> None:
    a_study(engine)
    export = write_zip(engine, tmp_path, app_id="run", excel_safe=True)
    engine.close()
    with pytest.raises(DataError, match="export without --excel-safe"):
        write_psych_ds(export, tmp_path / "run-psych-ds.zip")


def test_the_command_writes_the_data_set_beside_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = RunPaths(tmp_path).database("first")
    database.parent.mkdir(exist_ok=True)
    engine = SQLiteEngine(database)
    a_study(engine)
    engine.close()
    said = CliRunner().invoke(app, ["export", "--app", "first", "--psych-ds"])
    assert said.exit_code == 0, said.output
    assert "data/description-response_data.csv" in files_of(tmp_path / "data" / "first-psych-ds.zip")
