"""Each documented view of a run's SQLite file, read with pandas, says what the records say."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from chalicelib.experiment.infos import Meme, TrackingEvent
from chalicelib.experiment.networks import Burst, FullyConnected, Star
from chalicelib.experiment.nodes import Agent, RandomBinaryStringSource
from chalicelib.export.table_schema import LIVE_ROWS, STUDY_COLUMNS, TRIALS
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.question import Question
from chalicelib.model.record import Record
from chalicelib.model.run_records import Notification, Payment, Recruitment
from chalicelib.model.transformation import Transformation
from chalicelib.storage import record_mapping
from chalicelib.storage.sqlite.sql_views import VIEWS
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from tests.contract.factories import NOW, begin

TABLES = [
    "participant",
    "question",
    "network",
    "node",
    "vector",
    "info",
    "transmission",
    "transformation",
    "notification",
    "recruitment",
    "payment",
]
FLAGS = ("failed", "full")
OBJECTS = ("details", "entry_information")
STRANGE = 'He said "go",\n😀 \u202etfel'


def people(work: EngineUnitOfWork) -> list[Participant]:
    made = []
    for name in ("ann", "bob", "eve"):
        person = Participant("mturk", name, f"a-{name}", "h", "live", "print", {"from": ["a", 1, None]})
        work.save(person)
        work.update_status_index(person)
        Question(person, "How?", json.dumps({"engagement": 4}), 1).property1 = STRANGE
        made.append(person)
    made[1].fail("gone")
    return made


def a_network_of(work: EngineUnitOfWork, kind: type[Network], persons: list[Participant]) -> list[Node]:
    """Three nodes and a source, infos sent, received and transformed."""
    network = kind(max_size=4, role="practice")
    work.save(network)
    nodes: list[Node] = []
    for person in persons:
        node = Agent(network=network, participant=person)
        network.add_node(node)
        nodes.append(node)
    RandomBinaryStringSource(network=network).create_information()
    for node in nodes:
        Meme(origin=node, contents=STRANGE, details={"n": 1.5}).property5 = "five"
        TrackingEvent(origin=node, details={"key": "a"})
        Info(origin=node, contents="noise", failed=True)
        node.transmit()
    for node in nodes[1:]:
        received = node.receive()
        Transformation(info_in=received[0].info, info_out=Info(origin=node, contents=""))
        node.answered = True
    return nodes


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> SQLiteEngine:
    """A run in which things have failed in every way: by themselves, with a node, with a network."""
    engine = SQLiteEngine(tmp_path_factory.mktemp("views") / "run.sqlite")
    with begin(engine, NOW) as work:
        persons = people(work)
        alive = [person for person in persons if not person.failed]
        for kind in (FullyConnected, Star, Burst):
            a_network_of(work, kind, [*alive, alive[0]])
        persons[0].base_pay, persons[0].bonus, persons[0].end_time = (
            Decimal("1.50"),
            Decimal("0.07"),
            work.now,
        )
        work.save(Notification("a-ann", "AssignmentSubmitted"), Recruitment("mturk", "open", 3))
        paid = Payment(1, "base", Decimal("1.50"), "Thank you")
        paid.status, paid.recruiter_reference, paid.sent_time = "paid", "ref", work.now
        work.save(paid, Payment(1, "bonus", Decimal("0.07")))
        work.commit()
    with begin(engine) as work:
        work.node(100_002).fail("left")
        work.node(200_003).fail()
        work.node(200_001).fail("left too")
        work.commit()
    with begin(engine) as work:
        work.node(100_001).infos()[0].fail("nonsense")
        work.network(2).fail("power cut")
        work.network(3).vectors()[0].fail("cut")
        work.commit()
    return engine


def records(work: EngineUnitOfWork, table: str) -> list[Record]:
    networks = work.networks()
    persons = [work.participant(number) for number in work.participant_ids()]
    if table in ("notification", "recruitment"):
        pks = [keys.RECRUITMENT] if table == "recruitment" else [f"notifications#{n}" for n in range(8)]
        return [record_mapping.make_record(table, item) for pk in pks for item in work._engine.query(pk)]
    found: dict[str, list[list[Any]]] = {
        "network": [networks],
        "participant": [persons],
        "question": [person.all_questions for person in persons],
        "payment": [[work.payment(1, "base"), work.payment(1, "bonus")]],
        "node": [network.all_nodes for network in networks],
        "vector": [network.all_vectors for network in networks],
        "info": [network.all_infos for network in networks],
        "transmission": [network.networks_transmissions for network in networks],
        "transformation": [network.networks_transformations for network in networks],
    }
    return [record for some in found[table] for record in some]


def read(engine: SQLiteEngine, table: str) -> pd.DataFrame:
    connection = sqlite3.connect(f"file:{engine.path}?mode=ro", uri=True)
    try:
        return pd.read_sql(f"SELECT * FROM {table} ORDER BY id", connection)  # noqa: S608 - our own words
    finally:
        connection.close()


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Turn a row into what JSON has: flags are words, details objects, empty cells null."""
    shown = {
        name: None if pd.api.types.is_scalar(value) and pd.isna(value) else value
        for name, value in row.items()
    }
    for name in shown.keys() & set(FLAGS):
        shown[name] = bool(shown[name])
    for name in shown.keys() & set(OBJECTS):
        shown[name] = json.loads(shown[name])
    return shown


@pytest.mark.parametrize("table", TABLES)
def test_a_view_agrees_with_the_records(engine: SQLiteEngine, table: str) -> None:
    with begin(engine) as work:
        expected = [r.as_json() for r in sorted(records(work, table), key=lambda record: record.id)]
    rows = [as_json(row) for row in read(engine, table).astype(object).to_dict("records")]
    assert [{name: row[name] for name in row if name in expected[0]} for row in rows] == expected


@pytest.mark.parametrize("table", TABLES)
def test_a_view_has_the_columns_of_the_contract_in_order(engine: SQLiteEngine, table: str) -> None:
    with begin(engine) as work:
        expected = list(records(work, table)[0].as_json())
    assert [name for name in read(engine, table).columns if name in expected] == expected


def test_participants_have_what_their_json_keeps_apart(engine: SQLiteEngine) -> None:
    first = read(engine, "participant").iloc[0]
    assert (first["worker_id"], first["unique_id"], first["fingerprint_hash"]) == (
        "ann",
        "ann:a-ann",
        "print",
    )


@pytest.mark.parametrize("table", ["node", "vector", "info", "transmission", "transformation", "network"])
def test_the_run_has_living_and_failed_things_to_tell_apart(engine: SQLiteEngine, table: str) -> None:
    assert set(read(engine, table)["failed"]) == {0, 1}


@pytest.mark.parametrize("table", TABLES)
def test_a_view_is_read_only(engine: SQLiteEngine, table: str) -> None:
    connection = sqlite3.connect(engine.path)
    with pytest.raises(sqlite3.OperationalError, match="cannot modify"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words
    connection.close()


def test_every_view_is_tested() -> None:
    made = [line.split()[2] for line in VIEWS.splitlines() if line.startswith("CREATE VIEW")]
    # tests/unit/export/test_study_tables.py has the views of studies.
    assert sorted(made) == sorted([*TABLES, *STUDY_COLUMNS, TRIALS, LIVE_ROWS])


def test_views_of_an_older_file_are_recreated(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "run.sqlite")
    connection.execute("CREATE VIEW network AS SELECT 1 AS old")
    connection.close()
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    engine.close()
    connection = sqlite3.connect(tmp_path / "run.sqlite")
    columns = [column[0] for column in connection.execute("SELECT * FROM network").description]
    connection.close()
    assert "max_size" in columns
