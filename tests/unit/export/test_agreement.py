"""An export, the API's JSON and SQLite's views say the same of every record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import COLUMNS, TABLES, rows
from chalicelib.model.record import Record, to_json_value
from chalicelib.storage import record_mapping
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.unit.export.runs import a_run, at_minute


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    a_run(engine)
    yield engine
    engine.close()


def records(work: EngineUnitOfWork, engine: SQLiteEngine, table: str) -> list[Record]:
    networks, people = work.networks(), [work.participant(id_) for id_ in work.participant_ids()]
    if table in ("notification", "recruitment"):
        pk = "notifications#" if table == "notification" else "recruitment"
        shards = [pk + str(n) for n in range(8)] if pk.endswith("#") else [pk]
        return [record_mapping.make_record(table, item) for shard in shards for item in engine.query(shard)]
    kinds = [(id_, kind) for id_ in (1, 2) for kind in ("base", "bonus")]
    return {
        "network": lambda: list(networks),
        "participant": lambda: list(people),
        "question": lambda: [q for person in people for q in person.all_questions],
        "payment": lambda: [paid for id_, kind in kinds if (paid := work.payment(id_, kind))],
        "node": lambda: [r for network in networks for r in network.all_nodes],
        "info": lambda: [r for network in networks for r in network.all_infos],
        "vector": lambda: [r for network in networks for r in network.all_vectors],
        "transmission": lambda: [r for network in networks for r in network.networks_transmissions],
        "transformation": lambda: [r for network in networks for r in network.networks_transformations],
    }[table]()


def by_id(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: row["id"])


def exported(engine: SQLiteEngine, table: str) -> list[dict[str, Any]]:
    return by_id([{name: to_json_value(value) for name, value in row.items()} for row in rows(engine, table)])


def viewed(engine: SQLiteEngine, table: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(engine.path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - our own words
    connection.close()
    for row in found:
        for name in ("failed", "full"):
            if name in row:
                row[name] = bool(row[name])
        for name in ("details", "entry_information", "consent"):
            if row.get(name) is not None:
                row[name] = json.loads(row[name])
    return by_id(found)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_has_the_contracts_columns_in_order(engine: SQLiteEngine, table: str) -> None:
    assert {tuple(row) for row in rows(engine, table)} == {COLUMNS[table]}


@pytest.mark.parametrize("table", TABLES)
def test_a_row_agrees_with_the_json(engine: SQLiteEngine, table: str) -> None:
    with at_minute(engine, 60) as work:
        shown = by_id([record.as_json() for record in records(work, engine, table)])
    fields = set(shown[0])
    assert [{name: row[name] for name in row if name in fields} for row in exported(engine, table)] == shown


@pytest.mark.parametrize("table", TABLES)
def test_a_row_agrees_with_the_sqlite_view(engine: SQLiteEngine, table: str) -> None:
    assert exported(engine, table) == viewed(engine, table)


def test_a_participants_row_adds_what_the_json_keeps_apart(engine: SQLiteEngine) -> None:
    first = next(rows(engine, "participant"))
    assert (first["worker_id"], first["unique_id"], first["fingerprint_hash"]) == ("W1", "W1:A1", "FP1")
