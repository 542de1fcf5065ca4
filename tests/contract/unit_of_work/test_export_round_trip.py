"""What is exported, loaded and exported again is the same, over every engine."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.networks import Chain
from chalicelib.export import TABLES, DataError, rows, write_zip
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.storage.engine import Engine, Key, Put
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.importing import load_zip
from tests.unit.export.runs import STRANGE, a_person, a_run, at_minute


@pytest.fixture
def origin(tmp_path: Path) -> Any:
    """A run in a store of its own."""
    engine = SQLiteEngine(tmp_path / "origin.sqlite")
    a_run(engine)
    yield engine
    engine.close()


def members(path: Path) -> dict[str, str]:
    """The files of a zip that say what the data are, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name != "manifest.json"}


@pytest.mark.parametrize("scrub", [True, False])
def test_a_loaded_export_is_exported_the_same(
    origin: Engine, engine: Engine, tmp_path: Path, scrub: bool
) -> None:
    first = write_zip(origin, tmp_path / "first.zip", app_id="run", scrub=scrub)
    load_zip(first, engine)
    second = write_zip(engine, tmp_path / "second.zip", app_id="run", scrub=scrub)
    assert members(second) == members(first)


def test_scrubbed_values_stay_empty(origin: Engine, engine: Engine, tmp_path: Path) -> None:
    first = write_zip(origin, tmp_path / "first.zip", app_id="run")
    load_zip(first, engine)
    second = write_zip(engine, tmp_path / "second.zip", app_id="run", scrub=False)
    assert members(second) == members(first)


def test_the_load_says_how_many_rows_there_were(origin: Engine, engine: Engine, tmp_path: Path) -> None:
    path = write_zip(origin, tmp_path, app_id="run")
    assert load_zip(path, engine) == {table: len(list(rows(origin, table))) for table in TABLES}


def test_an_export_is_not_loaded_into_a_store_with_data(origin: Engine, tmp_path: Path) -> None:
    path = write_zip(origin, tmp_path, app_id="run")
    with pytest.raises(DataError, match="another id"):
        load_zip(path, origin)


@pytest.fixture
def loaded(origin: Engine, engine: Engine, tmp_path: Path) -> Engine:
    """Each engine in turn, with the run loaded, participants' ids included."""
    load_zip(write_zip(origin, tmp_path, app_id="run", scrub=False), engine)
    return engine


def stored(engine: Engine, origin: Engine, *places: Key) -> bool:
    """Whether items are the same in both, their versions apart."""
    found, meant = engine.get(places), origin.get(places)
    return {k: {**i, "v": 0} for k, i in found.items()} == {k: {**i, "v": 0} for k, i in meant.items()}


@pytest.mark.parametrize(
    "place", [keys.assignment("A2"), keys.worker("W3"), keys.listed(1), keys.sent(10_000_200_002, 100_001)]
)
def test_items_beside_the_tables_are_there_again(loaded: Engine, origin: Engine, place: Key) -> None:
    assert stored(loaded, origin, place)


def test_a_transmission_brings_its_info_again(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        received = work.node(100_004).received_infos()
    assert [info.contents for info in received] == [f"{STRANGE} 2", f"{STRANGE} 1"]


def test_a_participant_has_their_nodes_again(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        assert work.participant(3).node_ids == [100_004, 200_004]


def test_a_loaded_chain_continues(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        network = work.network(1)
        node = Node(network, a_person(work, "9"))
        network.add_node(node)
        made = Info(origin=node, contents="and so on")
        work.commit()
    assert (node.id, made.id, node.participant_id) == (100_005, 10_000_500_002, 4)


def test_a_loaded_chain_waits_for_the_one_who_has_not_answered(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        assert work.network(1).waiting_for == [100_004]


def test_a_new_network_gets_the_next_number(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        network = Chain()
        work.save(network)
        assert network.id == 4


def test_a_loaded_experiment_counts_as_launched(loaded: Engine) -> None:
    with at_minute(loaded, 90) as work:
        assert work.state["launched"] == "2024-05-17T09:30:00.000000Z"


def test_the_manifest_tells_rows_and_checksums(origin: Engine, tmp_path: Path) -> None:
    path = write_zip(origin, tmp_path, app_id="run", manifest={"mode": "debug"})
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        table = archive.read("data/participant.csv")
    assert manifest["tables"]["participant"] == {"rows": 3, "sha256": hashlib.sha256(table).hexdigest()}


def test_staged_items_of_a_large_commit_are_ignored(engine: Engine) -> None:
    a_run(engine)
    before = [row["id"] for row in rows(engine, "info")]
    (published,) = engine.get([keys.info(10_000_100_001)]).values()
    place = keys.info(10_000_199_999)
    staged = {**published, "pk": place[0], "sk": place[1], "id": 10_000_199_999, "s": 1}
    engine.commit([Put(staged)])
    assert [row["id"] for row in rows(engine, "info")] == before
