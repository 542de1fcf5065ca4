"""Loading exports whose ids aren't Petri's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.nodes import Agent, Source
from chalicelib.export import rows, write_zip
from chalicelib.model import keys
from chalicelib.model.participant import Participant
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.storage.unit_of_work import EngineUnitOfWork
from infra.importing import load_zip
from tests.unit.importing.old_export import write

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    engine = SQLiteEngine(tmp_path / "run.sqlite")
    load_zip(write(tmp_path / "old-data.zip"), engine)
    yield engine
    engine.close()


@pytest.fixture
def work(engine: SQLiteEngine) -> EngineUnitOfWork:
    return EngineUnitOfWork(engine, NOW)


def table(engine: SQLiteEngine, name: str) -> dict[int, dict[str, Any]]:
    """The rows of a table by the ids that they had."""
    return {row["details"]["original_id"]: row for row in rows(engine, name)}


def test_each_record_keeps_the_id_it_had(engine: SQLiteEngine) -> None:
    assert {old: row["id"] for old, row in table(engine, "node").items()} == {
        1: 100_001,
        2: 100_002,
        3: 100_003,
        4: 100_004,
        5: 200_001,
        6: 200_002,
    }


def test_references_follow_the_new_ids(engine: SQLiteEngine) -> None:
    sent = table(engine, "transmission")[2]
    assert (sent["vector_id"], sent["info_id"]) == (
        table(engine, "vector")[3]["id"],
        table(engine, "info")[2]["id"],
    )


def test_contents_and_times_are_preserved(engine: SQLiteEngine) -> None:
    info = table(engine, "info")[2]
    assert (info["contents"], info["creation_time"]) == ('sto"ry', "2017-01-01T12:02:00.000000Z")


def test_failures_stay_where_they_were(engine: SQLiteEngine) -> None:
    assert [old for old, row in table(engine, "node").items() if row["failed"]] == [3]


def test_the_base_class_gets_its_own_word(engine: SQLiteEngine) -> None:
    assert table(engine, "node")[5]["type"] == "node"


def test_a_column_that_petri_does_not_know_goes_into_details(engine: SQLiteEngine) -> None:
    assert table(engine, "participant")[1]["details"] == {"shoe": "43", "original_id": 1}


def test_nodes_are_of_their_classes(work: EngineUnitOfWork) -> None:
    assert [type(work.node(node_id)) for node_id in (100_001, 100_004)] == [Source, Agent]


def test_received_infos_are_served(work: EngineUnitOfWork) -> None:
    assert [info.contents for info in work.node(100_002).received_infos()] == ["story"]


def test_pending_transmissions_can_be_received(work: EngineUnitOfWork) -> None:
    assert [sent.info.contents for sent in work.node(100_004).receive()] == ['sto"ry']


def test_a_network_counts_what_it_has(engine: SQLiteEngine) -> None:
    chain = table(engine, "network")[1]
    names = ("n_alive_nodes", "n_failed_nodes", "n_completed_infos", "n_failed_infos", "n_pending_infos")
    assert [chain[name] for name in names] == [3, 1, 3, 1, 1]


def test_a_tracking_event_is_not_an_answer(work: EngineUnitOfWork) -> None:
    assert [work.node(node_id).has_answered for node_id in (100_002, 100_004)] == [True, False]


def test_a_chain_waits_for_its_newest_living_node(work: EngineUnitOfWork) -> None:
    assert work.network(1).structure == {"recent": [100_002, 100_004], "waiting": [100_004]}


def test_a_scale_free_network_knows_its_degrees(work: EngineUnitOfWork) -> None:
    assert work.network(2).structure == {"degrees": {"200001": 1, "200002": 1}}


def test_sources_are_counted(work: EngineUnitOfWork) -> None:
    assert work.network(1).n_sources == 1


def test_a_participants_nodes_and_questions_are_found(work: EngineUnitOfWork) -> None:
    person = work.participant(1)
    assert ([node.id for node in person.nodes()], len(person.questions())) == ([100_002, 200_001], 1)


def test_the_next_participant_gets_the_next_number(work: EngineUnitOfWork) -> None:
    person = Participant()
    work.save(person)
    assert person.id == 3


def test_a_worker_who_was_scrubbed_claims_nothing(engine: SQLiteEngine) -> None:
    assert list(engine.get([keys.worker("1"), keys.worker("WB")])) == [keys.worker("WB")]


def test_an_old_export_can_be_exported_as_petris(engine: SQLiteEngine, tmp_path: Path) -> None:
    again = SQLiteEngine(tmp_path / "again.sqlite")
    path = write_zip(engine, tmp_path, app_id="again", scrub=False)
    load_zip(path, again)
    found = list(rows(again, "info"))
    again.close()
    assert found == list(rows(engine, "info"))
