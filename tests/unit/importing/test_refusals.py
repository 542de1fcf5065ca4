"""Exports that can't be loaded are refused whole, with the place that is wrong."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.export import TABLES, DataError, Export, MalformedTableError
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from infra.importing.export_source import LOADING_ORDER
from tests.unit.importing.old_export import COMMON, OLD, row, write


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    yield engine
    engine.close()


PAYMENT = f"{COMMON},participant_id,kind,amount,status"
BROKEN = {
    "a node of no network": ("node", 7, row(9, 5, "node", 9, 1), "network_id is 9, which network.csv"),
    "an info of no node": ("info", 5, row(9, 5, "info", 77, 1, "x"), "origin_id is 77, which node.csv"),
    "an info elsewhere": ("info", 5, row(9, 5, "info", 1, 2, "x"), "a node of another network than 2"),
    "an id twice": ("info", 5, row(4, 5, "info", 1, 1, "x"), "the id 4 occurs twice"),
    "a word for an id": ("info", 5, row(9, 5, "info", "one", 1, "x"), "origin_id should be a whole number"),
    "a vector to nowhere": ("vector", 6, row(9, 5, 1, "", 1), "destination_id is empty or missing"),
    "too few fields": ("info", 5, "9,2017-01-01 12:00", "there are 2 fields, where the header has 13"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_row_is_refused_with_its_place(engine: SQLiteEngine, tmp_path: Path, case: str) -> None:
    table, at, line, problem = BROKEN[case]
    tables = {**OLD, table: [*OLD[table], line]}
    with pytest.raises(MalformedTableError, match=problem) as refused:
        load_zip(write(tmp_path / "x.zip", tables), engine)
    assert (refused.value.file, refused.value.line) == (f"{table}.csv", at + 1)


def test_a_refused_export_leaves_nothing_behind(engine: SQLiteEngine, tmp_path: Path) -> None:
    tables = {**OLD, "notification": ["id,creation_time", "1,never"]}
    with pytest.raises(MalformedTableError):
        load_zip(write(tmp_path / "x.zip", tables), engine)
    assert load_zip(write(tmp_path / "y.zip"), engine)["node"] == 6


def test_a_payment_of_no_known_kind_is_refused(engine: SQLiteEngine, tmp_path: Path) -> None:
    tables = {**OLD, "payment": [PAYMENT, row(1, 1, 1, "tip", 1, "paid")]}
    with pytest.raises(MalformedTableError, match="base, bonus, compensation, screen-out"):
        load_zip(write(tmp_path / "x.zip", tables), engine)


def test_missing_tables_are_named(engine: SQLiteEngine, tmp_path: Path) -> None:
    tables = {table: lines for table, lines in OLD.items() if table != "vector"}
    with pytest.raises(DataError, match=r"lacks vector\.csv"):
        load_zip(write(tmp_path / "x.zip", tables), engine)


def test_petris_own_ids_must_say_where_a_record_lies(engine: SQLiteEngine, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("manifest.json", json.dumps({"petri": "0.1.0"}))
    with pytest.raises(MalformedTableError, match=r"node\.csv, line 2: 2 isn't an id that Petri assigns"):
        load_zip(path, engine)


def test_a_load_that_broke_off_is_not_taken_for_empty(engine: SQLiteEngine, tmp_path: Path) -> None:
    engine.increment(("counter", "participant"), 2)
    with pytest.raises(DataError, match="has data already"):
        load_zip(write(tmp_path / "x.zip"), engine)


def test_every_table_is_loaded() -> None:
    assert set(LOADING_ORDER) == set(TABLES)


def test_networks_with_ids_too_large_are_renumbered(engine: SQLiteEngine, tmp_path: Path) -> None:
    big = {"network": [OLD["network"][0], row(700_000, 0, "empty", 9, "f", "x")]}
    empty = {table: [lines[0]] for table, lines in OLD.items()}
    load_zip(write(tmp_path / "x.zip", {**empty, **big}), engine)
    assert [item["id"] for item in engine.query("networks", "0")] == [1]


STRUCTURES = ["[1, 2]", "[" * 100_000, '"text"', "7", '{"network": "1", "structure": {}}', '{"network": 1}']


@pytest.mark.parametrize("line", STRUCTURES, ids=[line[:20] for line in STRUCTURES])
def test_a_structure_that_is_none_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("structure.jsonl", line + "\n")
    with Export(path) as export, pytest.raises(MalformedTableError, match=r"structure\.jsonl"):
        list(export.structures())


@pytest.mark.parametrize("text", ["[]", "[" * 100_000])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("manifest.json", text)
    with Export(path) as export, pytest.raises(MalformedTableError, match=r"manifest\.json"):
        _ = export.manifest


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/big.csv", b"0" * (101 * 1024 * 1024))
    with pytest.raises(DataError, match="unpacks from"):
        Export(path)
