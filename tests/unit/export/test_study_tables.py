"""The export of a study: answers in rows, wide tables, the code book, and what a shared export leaves out."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import rows, write_zip
from chalicelib.export.csv_format import json_text
from chalicelib.export.dataset_description import WIDE_MEANINGS
from chalicelib.export.table_schema import MEANINGS, STUDY_COLUMNS, STUDY_TABLES, WIDE_COLUMNS
from chalicelib.model.record import to_json_value
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from petri.data import Data, DataError
from tests.unit.export.runs import a_run
from tests.unit.export.study_runs import ADDRESS, ANSWERED, FORMULA, SHOWN, a_study


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_study(engine)
    yield engine
    engine.close()


@pytest.fixture
def data(engine: SQLiteEngine, tmp_path: Path) -> Data:
    return Data(write_zip(engine, tmp_path, app_id="run", scrub=False))


def texts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("table", STUDY_COLUMNS)
def test_a_row_has_the_columns_in_order(engine: SQLiteEngine, table: str) -> None:
    assert {tuple(row) for row in rows(engine, table)} == {STUDY_COLUMNS[table]}


def test_every_column_is_described() -> None:
    assert {name for columns in STUDY_COLUMNS.values() for name in columns} == set(MEANINGS)
    wide = {name for columns in WIDE_COLUMNS.values() for name in columns}
    assert wide <= {*MEANINGS, *WIDE_MEANINGS}


def test_an_answer_is_a_row_with_its_page_and_grade(data: Data) -> None:
    found = data.responses.list
    assert [row["item"] for row in found] == [
        *("age", "mail", "words", "grid", "status", "offer", "offer", "accept", "quiz", "age", "mail")
    ]
    assert found[6] == {
        "participant_id": 1,
        "node_id": 100_002,
        "network_id": 1,
        "item": "offer",
        "kind": "number",
        "page": "propose",
        "path": "rounds[2]/propose",
        "round": 2,
        "attempt": 1,
        "answer": "0",
        "correct": True,
        "percent": 0.25,
        "points": 1.5,
        "graded_by": None,
        "shown_at": "2024-05-17T09:40:00.000000Z",
        "answered_at": "2024-05-17T09:40:12.500000Z",
        "seconds": 12.5,
        "seconds_client": 11.25,
        "by": "timeout",
        "comment": None,
        "serial": 4,
        "visit": 1,
        "missed": None,
        "item_version": None,
    }


@pytest.mark.parametrize("table", STUDY_COLUMNS)
def test_the_view_of_the_runs_file_says_the_same(engine: SQLiteEngine, table: str) -> None:
    connection = sqlite3.connect(engine.path)
    connection.row_factory = sqlite3.Row
    order = "participant_id, name" if table == "annotation" else "participant_id, serial"
    found = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]  # noqa: S608 - our own words
    connection.close()
    expected = [{name: to_json_value(value) for name, value in row.items()} for row in rows(engine, table)]
    for row in expected:
        if isinstance(row.get("answer"), dict):
            row["answer"] = json_text(row["answer"])
    assert [list(row) for row in found] == [list(row) for row in expected]
    assert found == expected


def test_what_was_not_answered_or_graded_is_empty(data: Data) -> None:
    row = data.responses.list[9]
    assert (row["answer"], row["correct"], row["percent"], row["points"], row["round"]) == (None,) * 5
    assert row["by"] == "participant"


def test_an_object_is_json_and_a_text_is_as_it_was_typed(data: Data) -> None:
    by_item = {row["item"]: row["answer"] for row in data.responses.list[:5]}
    assert (json.loads(by_item["grid"]), by_item["words"]) == ({"a": 1, "b": None}, FORMULA)


def test_a_data_frame_has_numbers_and_times(data: Data) -> None:
    frame = data.responses.df
    assert (str(frame["seconds"].dtype), str(frame["points"].dtype)) == ("float64", "float64")
    assert str(frame["shown_at"].dtype).startswith("datetime64")


def test_pages_without_items_have_times_too(data: Data) -> None:
    assert [row["page"] for row in data.page_times.list] == [
        *("form", "welcome", "propose", "propose", "respond", "quiz", "form")
    ]


def test_a_participant_is_one_row_with_a_column_for_each_item_and_round(data: Data) -> None:
    table = data.wide()
    assert table.columns == [
        *("participant_id", "status", "ended", "network_id", "role", "points", "visit", "cohort"),
        *("visit_2.session", "visit_2.status", "visit_2.began_at", "visit_2.ended_at"),
        *("condition.colour", "condition.delay", "age", "mail", "words", "grid", "answer.status"),
        *("offer.1", "offer.2", "accept.1", "quiz"),
    ]
    first, second, third = table.list
    assert (first["offer.1"], first["offer.2"], first["answer.status"], first["status"]) == (
        *("5", "0", "student"),
        "approved",
    )
    assert (first["ended"], first["role"], first["points"], first["condition.colour"]) == (
        *("complete", "proposer", 3.5),
        "red",
    )
    assert (first["visit_2.session"], first["visit_2.status"], second["visit_2.status"]) == (
        *("week 2", "missed"),
        None,
    )
    assert (second["accept.1"], second["age"], third["role"], third["points"]) == ("yes", None, None, 0.0)


def test_a_group_is_one_row_with_the_answers_of_its_members(data: Data) -> None:
    (row,) = data.wide("groups").list
    assert row == {
        "network_id": 1,
        "element": "group",
        "stopped": None,
        "state.pot": "12",
        "proposer.participant_id": "1",
        "proposer.offer.1": "5",
        "proposer.offer.2": "0",
        "responder.participant_id": "2",
        "responder.accept.1": "yes",
    }


def test_a_trial_is_a_row_with_the_columns_of_its_stimulus(data: Data) -> None:
    first, second = data.trials.list
    assert data.trials.columns[-2:] == ["stimulus.word", "stimulus.colour"]
    assert {
        name: first[name] for name in ("number", "key", "response", "correct", "rt_ms", "page", "by")
    } == {
        "number": 1,
        "key": "f",
        "response": "red",
        "correct": False,
        "rt_ms": 512.25,
        "page": "stroop",
        "by": "participant",
    }
    assert (first["stimulus.colour"], second["rt_ms"], second["stimulus.colour"]) == ("=blue", None, None)


def test_the_view_of_trials_has_the_stimulus_as_json(engine: SQLiteEngine, data: Data) -> None:
    connection = sqlite3.connect(engine.path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute("SELECT * FROM trial ORDER BY participant_id, number")]
    connection.close()
    assert [json.loads(row.pop("stimulus")) for row in found] == [
        {"word": "red", "colour": "=blue"},
        {"word": "blue"},
    ]
    assert [row.pop("data") for row in found] == [None, None]
    fixed = WIDE_COLUMNS["trial"]
    assert found == [{name: row[name] for name in fixed} for row in data.trials.list]


def test_an_event_is_a_row_with_its_page(data: Data) -> None:
    place = {"participant_id": 1, "serial": 1, "page": "form", "path": "form"}
    assert data.events.list == [
        {**place, "event": "focus", "act": "lost", "item": None, "at_ms": 250, "received_at": ANSWERED},
        {**place, "event": "key", "act": None, "item": "age", "at_ms": None, "received_at": ANSWERED},
    ]


def test_what_a_participant_has_opened_in_a_book_is_a_row_with_its_chapter(data: Data) -> None:
    own = {"participant_id": 1, "book": "course", "started_at": SHOWN, "last_at": ANSWERED}
    nothing = {"chapter": None, "page": None, "finished_at": None, "position": None, "serial": None}
    assert data.reading.list == [
        {**own, **nothing, "path": "course", "what": "book", "opened": 1},
        {**own, **nothing, "path": "course/intro", "chapter": "intro", "what": "chapter", "opened": 1},
        {
            **own,
            "chapter": "intro",
            "page": "sums",
            "path": "course/intro/sums",
            "what": "page",
            "finished_at": ANSWERED,
            "opened": 2,
            "position": 0.75,
            "serial": 3,
        },
    ]


def test_an_annotation_is_a_row_and_a_private_one_has_no_words(data: Data) -> None:
    shared, private = data.annotations.list
    assert (shared["exact"], shared["prefix"], shared["suffix"]) == ("dice", "the ", " are")
    assert (shared["start"], shared["end"], shared["note"]) == (4, 8, FORMULA)
    assert (shared["visibility"], shared["book"], shared["chapter"]) == ("instructors", "course", "intro")
    words = ("exact", "prefix", "suffix", "start", "end", "note")
    assert {name: private[name] for name in words} == dict.fromkeys(words)
    assert (private["visibility"], private["created_at"]) == ("private", SHOWN)


@pytest.mark.parametrize(("scrub", "places"), [(True, set()), (False, {"study.jsonl"})])
def test_private_notes_are_only_in_the_records_that_continue_a_run(
    engine: SQLiteEngine, tmp_path: Path, scrub: bool, places: set[str]
) -> None:
    found = texts(write_zip(engine, tmp_path, app_id="run", scrub=scrub))
    assert {name for name, text in found.items() if "For me alone" in text} == places


def test_a_review_is_a_row_with_when_the_item_is_due_next(data: Data) -> None:
    (review,) = data.reviews.list
    assert (review["item"], review["rating"], review["correct"]) == ("offer", "again", False)
    assert (review["next_due"], review["stability"], review["difficulty"]) == (ANSWERED, 2.5, 6.25)


def test_another_wide_table_is_refused(data: Data) -> None:
    with pytest.raises(DataError, match="'participants' or 'groups'"):
        data.wide("rounds")


def test_a_workbook_has_the_tables_of_a_study(data: Data) -> None:
    from openpyxl import load_workbook

    assert set(STUDY_TABLES) <= set(load_workbook(io.BytesIO(data.xlsx)).sheetnames)


def test_a_shared_export_has_no_email_address(engine: SQLiteEngine, tmp_path: Path) -> None:
    path = write_zip(engine, tmp_path, app_id="run")
    assert [name for name, text in texts(path).items() if ADDRESS in text] == []
    answers = {row["item"]: row["answer"] for row in Data(path).responses.list[:5]}
    assert (answers["mail"], answers["words"]) == ("[address]", FORMULA)


def test_an_export_that_is_not_shared_has_the_address(engine: SQLiteEngine, tmp_path: Path) -> None:
    path = write_zip(engine, tmp_path, app_id="run", scrub=False)
    assert {name for name, text in texts(path).items() if ADDRESS in text} == {
        *("data/response.csv", "data/participants_wide.csv", "study.jsonl")
    }


def test_texts_that_look_like_formulas_are_marked_and_read_as_they_were(
    engine: SQLiteEngine, tmp_path: Path
) -> None:
    path = write_zip(engine, tmp_path, app_id="run", excel_safe=True)
    found = texts(path)
    assert "'=HYPERLINK" in found["data/response.csv"]
    assert "'=HYPERLINK" in found["data/participants_wide.csv"]
    assert [row["answer"] for row in Data(path).responses.list][2] == FORMULA
    assert Data(path).wide().list[0]["words"] == FORMULA


def test_the_code_book_names_items_and_columns(data: Data) -> None:
    assert data.codebook["items"]["offer"] == {"name": "offer", "kind": "number"}
    assert data.codebook["tables"]["page_times"]["seconds"] == MEANINGS["seconds"]


def test_the_code_book_of_the_code_that_ran_is_used(engine: SQLiteEngine, tmp_path: Path) -> None:
    code = tmp_path / "code.zip"
    book = {"items": {"offer": {"name": "offer", "kind": "number", "prompt": "How much?"}}}
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("version.json", json.dumps({"name": "x", "config": {}}))
        archive.writestr("codebook.json", json.dumps(book))
    path = write_zip(engine, tmp_path, app_id="run", code=code)
    described = json.loads(texts_of(path, "dataset_description.json"))
    meanings = {one["name"]: one.get("description") for one in described["variableMeasured"]}
    assert Data(path).codebook["items"] == book["items"]
    assert (meanings["offer.2"], meanings["proposer.offer.1"]) == ("How much?", "How much?")


def texts_of(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def test_the_description_is_a_data_set_with_each_column(engine: SQLiteEngine, tmp_path: Path) -> None:
    settings = {"title": "Ultimatum", "description": "Who shares?"}
    path = write_zip(engine, tmp_path, app_id="run", manifest={"settings": settings})
    found: dict[str, Any] = json.loads(texts_of(path, "dataset_description.json"))
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert (found["name"], found["description"]) == ("Ultimatum", "Who shares?")
    data = Data(path)
    names = [one["name"] for one in found["variableMeasured"]]
    assert len(names) == len(set(names))
    assert set(names) == {
        column
        for table in (
            data.responses,
            data.page_times,
            data.trials,
            data.events,
            data.uploads,
            data.reading,
            data.annotations,
            data.reviews,
            data.live,
            data.wide(),
            data.wide("groups"),
        )
        for column in table.columns
    }
    assert {one["@type"] for one in found["variableMeasured"]} == {"PropertyValue"}


def test_the_manifest_counts_the_rows(data: Data) -> None:
    counts = {table: data.manifest["tables"][table]["rows"] for table in STUDY_TABLES}
    assert counts == {
        "response": 11,
        "page_times": 7,
        "trial": 2,
        "event": 2,
        "upload": 1,
        "reading": 3,
        "annotation": 2,
        "review": 1,
        "live": 2,
        "participants_wide": 3,
        "groups_wide": 1,
    }


def test_an_experiment_that_is_not_a_study_has_no_such_files(tmp_path: Path) -> None:
    engine = SQLiteEngine(tmp_path / "other.sqlite")
    a_run(engine)
    path = write_zip(engine, tmp_path, app_id="other")
    engine.close()
    assert not {"study.jsonl", "codebook.json", "data/response.csv"} & set(texts(path))
    data = Data(path)
    assert (len(data.responses), len(data.wide()), dict(data.codebook)) == (0, 0, {})


def test_points_are_exact_in_the_csv(engine: SQLiteEngine) -> None:
    assert [row["points"] for row in rows(engine, "response") if row["points"]] == [Decimal("1.50")]


def test_rows_of_live_elements_have_a_column_for_each_value(data: Data) -> None:
    table = data.live
    assert table.columns == [
        *("network_id", "number", "name", "participant_id", "path", "at"),
        *("value.text", "value.price", "value.buyer"),
    ]
    assert [(row["name"], row["participant_id"]) for row in table.list] == [("chat", 1), ("trade", None)]
